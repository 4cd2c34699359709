// Draws the sessions of the page. Texts are only ever set as text: nothing in them is markup.
(() => {
  'use strict';
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const colour = name => getComputedStyle(root).getPropertyValue('--' + name).trim();
  const make = (tag, text, of) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (of) of.append(element);
    return element;
  };
  const time = ns => {
    for (const [size, unit] of [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']]) {
      if (ns >= size) return +(ns / size).toFixed(3) + ' ' + unit;
    }
    return ns + ' ns';
  };
  const LABEL = 16, ROW = 26, AXIS = 20, MIN = 4;
  const LEGEND = [
    ['call', 'call of the manager'], ['skip', 'skip'], ['wait', 'completion awaited'], ['back', 'callback'],
    ['stop', 'reply that says stop'], ['done', 'completion'], ['held', 'held reply'], ['bad', 'finding'],
  ];

  // One session: its places along the axis, by the order of the events or by their times.
  class View {
    constructor(section, session) {
      this.session = session;
      this.byTime = false;
      this.picked = null;
      const { bars, marks, waits, notes, findings } = session;
      const seqs = new Set();
      for (const [from, , to] of [...bars, ...marks, ...waits]) {
        seqs.add(from);
        if (to) seqs.add(to);
      }
      for (const note of notes) seqs.add(note[0]);
      this.seqs = [...seqs].sort((a, b) => a - b);
      this.place = new Map(this.seqs.map((seq, at) => [seq, at]));
      this.times = new Map();
      for (const [from, ns, to, end] of [...bars, ...marks, ...waits]) {
        this.times.set(from, ns);
        if (to) this.times.set(to, end);
      }
      for (const [seq, ns] of notes) this.times.set(seq, ns);
      const all = [...this.times.values(), ...findings.map(found => found[1])];
      this.first = all.reduce((a, b) => Math.min(a, b), Infinity);
      this.last = all.reduce((a, b) => Math.max(a, b), 0);
      if (!all.length) this.first = 0;
      // Instances that are called at the same time are drawn one below the other.
      this.instances = [...new Set(bars.map(bar => bar[4]))].sort((a, b) => a - b);
      const rows = lane => (lane ? 1 : Math.max(1, this.instances.length));
      let top = AXIS;
      this.tops = session.lanes.map((_, lane) => {
        const here = top;
        top += LABEL + ROW * rows(lane);
        return here;
      });
      this.height = top + 2;

      const tools = make('div', undefined, section);
      tools.className = 'tools';
      const button = (label, title, act) => {
        const one = make('button', label, tools);
        one.type = 'button';
        one.title = title;
        one.addEventListener('click', act);
        return one;
      };
      button('−', 'Show more', () => this.zoom(2));
      button('+', 'Show less, larger', () => this.zoom(0.5));
      button('◀', 'Earlier', () => this.pan(-0.5));
      button('▶', 'Later', () => this.pan(0.5));
      button('Whole session', 'Show everything', () => this.whole());
      this.mode = button('By time', 'Place events by their time or by their order', () => {
        this.byTime = !this.byTime;
        this.mode.textContent = this.byTime ? 'By order' : 'By time';
        this.whole();
      });
      this.canvas = make('canvas', undefined, section);
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute('role', 'img');
      this.canvas.setAttribute('aria-label', 'Timeline of ' + session.case + '; arrow keys move, + and - zoom');
      this.detail = make('output', 'Point at something to see it in the notation. Drag to move, Ctrl and wheel to zoom.', section);
      this.detail.className = 'detail';
      const list = make('ul', undefined, section);
      list.className = 'found';
      findings.forEach((found, at) => {
        const { rule, name, level, message } = data.findings[found[3]];
        const one = make('button', level + ' ' + rule + ' ' + name + ': ' + message, make('li', undefined, list));
        one.type = 'button';
        one.addEventListener('click', () => this.pick(at));
      });
      const legend = make('div', undefined, section);
      legend.className = 'legend';
      for (const [name, words] of LEGEND) {
        const entry = make('span', undefined, legend);
        make('i', undefined, entry).style.background = 'var(--' + name + ')';
        entry.append(words);
      }
      this.listen();
      new ResizeObserver(() => this.draw()).observe(this.canvas);
      this.whole();
    }

    // The place of an event, and the end of everything.
    at(seq, ns) {
      if (this.byTime) return (ns ?? this.times.get(seq) ?? this.last) - this.first;
      const exact = this.place.get(seq);
      if (exact !== undefined) return exact;
      let low = 0, high = this.seqs.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.seqs[middle] < seq) low = middle + 1; else high = middle;
      }
      return Math.max(0, low - 1);
    }
    get end() { return Math.max(1, this.byTime ? this.last - this.first : this.seqs.length - 1); }
    x(place) { return 8 + (place - this.from) / (this.to - this.from) * (this.width - 16); }

    whole() { this.show(0, this.end); }
    show(from, to) {
      const span = Math.max(this.byTime ? 10 : 2, to - from);
      const margin = this.end * 0.02 + (this.byTime ? 0 : 0.5);
      const least = -margin, most = this.end + margin;
      this.from = Math.max(least, Math.min(from, most - Math.min(span, most - least)));
      this.to = Math.min(most, this.from + span);
      if (from <= 0 && to >= this.end) [this.from, this.to] = [least, most];
      this.draw();
    }
    zoom(by, around) {
      const middle = around ?? (this.from + this.to) / 2;
      this.show(middle - (middle - this.from) * by, middle + (this.to - middle) * by);
    }
    pan(by) {
      const step = (this.to - this.from) * by;
      this.show(this.from + step, this.to + step);
    }

    // A finding: its events are marked, and what the rule asks stands beside them.
    pick(at) {
      this.picked = at;
      const [seq, ns, , finding, events] = this.session.findings[at];
      const places = [...events.map(event => this.at(event)), this.at(seq, ns)];
      const from = Math.min(...places), to = Math.max(...places);
      const room = Math.max((to - from) * 0.3, this.end * 0.02, this.byTime ? 1 : 4);
      this.show(from - room, to + room);
      this.detail.textContent = this.finding(finding) + '\nEvents: ' + events.map(event => '#' + event).join(', ');
    }
    finding(at) {
      const { rule, name, level, message, summary } = data.findings[at];
      return level + ' ' + rule + ' ' + name + ': ' + message + '\nThe rule: ' + summary;
    }

    y(lane, instance) {
      const row = lane ? 0 : Math.max(0, this.instances.indexOf(instance));
      return this.tops[lane] + LABEL + ROW * row;
    }

    draw() {
      const { canvas, session } = this;
      const width = canvas.clientWidth;
      if (!width) return;
      const scale = window.devicePixelRatio || 1;
      this.width = width;
      canvas.style.height = this.height + 'px';
      if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
      if (canvas.height !== Math.round(this.height * scale)) canvas.height = Math.round(this.height * scale);
      const pen = canvas.getContext('2d');
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      const paint = Object.fromEntries(
        ['page', 'text', 'dim', 'line', 'lane', 'pick', ...LEGEND.map(([name]) => name)].map(name => [name, colour(name)]));
      pen.fillStyle = paint.page;
      pen.fillRect(0, 0, width, this.height);
      pen.font = '11px system-ui, sans-serif';
      pen.textBaseline = 'middle';
      const counts = { lanes: 0, bars: 0, marks: 0, findings: 0 };

      session.lanes.forEach((name, lane) => {
        const top = this.tops[lane];
        const bottom = lane + 1 < this.tops.length ? this.tops[lane + 1] : this.height - 2;
        pen.fillStyle = lane % 2 ? paint.page : paint.lane;
        pen.fillRect(0, top, width, bottom - top);
        counts.lanes += 1;
      });
      if (this.picked !== null) {
        pen.fillStyle = paint.pick;
        for (const event of session.findings[this.picked][4]) {
          pen.fillRect(this.x(this.at(event)) - 5, AXIS, 10, this.height - AXIS);
        }
      }
      this.axis(pen, paint);

      const seen = (from, to) => to >= this.from && from <= this.to;
      for (const [from, ns, to, end, instance] of session.waits) {
        const begin = this.at(from, ns), stop = to ? this.at(to, end) : this.end;
        if (!seen(begin, stop)) continue;
        const left = this.x(begin);
        pen.fillStyle = paint.wait;
        pen.fillRect(left, this.y(0, instance) + 15, Math.max(1, this.x(stop) - left), 6);
      }
      let free = [];
      for (const [from, ns, to, end, instance, , method, skips] of session.bars) {
        const begin = this.at(from, ns), stop = to ? this.at(to, end) : this.end;
        if (!seen(begin, stop)) continue;
        counts.bars += 1;
        const left = this.x(begin), wide = Math.max(MIN, this.x(stop) - left), top = this.y(0, instance);
        pen.fillStyle = skips ? paint.skip : paint.call;
        pen.fillRect(left, top, wide, 13);
        if (!to) {
          pen.fillStyle = paint.bad;
          pen.fillRect(left + wide - 3, top, 3, 13);
        }
        const words = pen.measureText(method).width;
        if (wide > words + 6) {
          pen.fillStyle = paint.page;
          pen.fillText(method, Math.max(left, 0) + 3, top + 7);
        }
      }
      for (const [from, ns, to, end, , lane, , kind, held] of session.marks) {
        const begin = this.at(from, ns), stop = to ? this.at(to, end) : this.end;
        if (!seen(begin, stop)) continue;
        counts.marks += 1;
        const x = this.x(begin), y = this.y(lane) + 8;
        if (held || !to) {
          pen.fillStyle = held ? paint.held : paint.wait;
          pen.fillRect(x, y - 3, Math.max(MIN, this.x(stop) - x), 6);
        } else if (!kind) {
          // Thousands of marks in one place are one mark.
          const spot = Math.round(x);
          if (free[lane] === spot) continue;
          free[lane] = spot;
        }
        pen.fillStyle = kind === 1 ? paint.stop : kind === 2 ? paint.done : paint.back;
        pen.beginPath();
        if (kind === 2) {
          pen.moveTo(x, y - 7); pen.lineTo(x + 6, y); pen.lineTo(x, y + 7); pen.lineTo(x - 6, y);
        } else if (kind === 1) {
          pen.rect(x - 5, y - 5, 10, 10);
        } else {
          pen.arc(x, y, 4, 0, 7);
        }
        pen.fill();
      }
      for (const [seq, ns, lane, name] of session.notes) {
        const place = this.at(seq, ns);
        if (!seen(place, place)) continue;
        const x = this.x(place), y = this.y(lane);
        const grave = name === 'Crashed' || name === 'TimedOut';
        pen.strokeStyle = grave ? paint.bad : paint.dim;
        pen.lineWidth = grave ? 2 : 1;
        pen.beginPath();
        pen.moveTo(x, y - 2);
        pen.lineTo(x, y + 18);
        pen.stroke();
      }
      session.findings.forEach(([seq, ns, lane], at) => {
        const place = this.at(seq, ns);
        if (!seen(place, place)) return;
        counts.findings += 1;
        const x = this.x(place), y = this.tops[lane] + LABEL;
        pen.fillStyle = paint.bad;
        pen.beginPath();
        pen.moveTo(x, y); pen.lineTo(x - 6, y - 11); pen.lineTo(x + 6, y - 11);
        pen.fill();
        if (at === this.picked) {
          pen.strokeStyle = paint.text;
          pen.lineWidth = 1.5;
          pen.stroke();
        }
      });
      session.lanes.forEach((name, lane) => {
        const top = this.tops[lane], words = lane ? name : 'manager';
        const wide = pen.measureText(words).width;
        pen.globalAlpha = 0.75;
        pen.fillStyle = paint.page;
        pen.fillRect(2, top + 2, wide + 6, 13);
        pen.globalAlpha = 1;
        pen.fillStyle = paint.text;
        pen.fillText(words, 5, top + 9);
      });
      Object.assign(canvas.dataset, counts);
    }

    axis(pen, paint) {
      const many = Math.max(2, Math.floor(this.width / 90));
      const rough = (this.to - this.from) / many;
      const size = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map(by => by * size).find(by => by >= rough);
      pen.strokeStyle = paint.line;
      pen.fillStyle = paint.dim;
      pen.lineWidth = 1;
      const least = this.byTime ? step : Math.max(1, Math.round(step));
      for (let place = Math.ceil(Math.max(0, this.from) / least) * least; place <= Math.min(this.to, this.end); place += least) {
        const x = Math.round(this.x(place)) + 0.5;
        pen.beginPath();
        pen.moveTo(x, AXIS - 4);
        pen.lineTo(x, this.height);
        pen.stroke();
        const words = this.byTime ? time(place + this.first) : '#' + this.seqs[Math.round(place)];
        if (words !== '#undefined') pen.fillText(words, x + 3, 9);
      }
    }

    // What is at this place of the canvas.
    hit(x, y) {
      const { session } = this;
      let best = null, near = 9;
      const offer = (distance, what) => {
        if (distance < near) [near, best] = [distance, what];
      };
      const between = (from, to) => Math.max(from - x, x - to, 0);
      session.findings.forEach(([seq, ns, lane], at) => {
        const top = this.tops[lane] + LABEL;
        if (y >= top - 14 && y < top + 1) offer(Math.abs(this.x(this.at(seq, ns)) - x) - 1, { finding: at });
      });
      for (const mark of session.marks) {
        const [from, ns, to, end, , lane, , , held] = mark;
        const top = this.y(lane);
        if (y < top - 2 || y > top + ROW) continue;
        const left = this.x(this.at(from, ns));
        offer(between(left, held && to ? this.x(this.at(to, end)) : left), { text: mark[9], ns, held, took: to ? end - ns : null });
      }
      for (const bar of session.bars) {
        const [from, ns, to, end, instance] = bar;
        const top = this.y(0, instance);
        if (y < top - 2 || y > top + 14) continue;
        const left = this.x(this.at(from, ns));
        const right = Math.max(left + MIN, this.x(to ? this.at(to, end) : this.end));
        offer(between(left, right), { text: bar[8], ns, took: to ? end - ns : null, open: !to });
      }
      for (const [from, ns, to, end, instance, method] of session.waits) {
        const top = this.y(0, instance);
        if (y < top + 15 || y > top + ROW) continue;
        const right = this.x(to ? this.at(to, end) : this.end);
        const words = 'waiting for the completion of ' + method + (to ? '' : ', which never came');
        offer(between(this.x(this.at(from, ns)), right), { text: words, ns, took: to ? end - ns : null });
      }
      for (const [seq, ns, lane, , text] of session.notes) {
        const top = this.y(lane);
        if (y >= top - 3 && y <= top + ROW) offer(Math.abs(this.x(this.at(seq, ns)) - x) + 1, { text, ns });
      }
      return best;
    }
    tell(x, y) {
      const found = this.hit(x, y);
      if (!found) return;
      if (found.finding !== undefined) {
        this.detail.textContent = this.finding(this.session.findings[found.finding][3]);
        return;
      }
      const took = found.took ? ', for ' + time(found.took) : '';
      const more = found.open ? '\nIt never returned.' : found.held ? '\nThe manager held the reply.' : '';
      this.detail.textContent = found.text + '\nafter ' + time(found.ns) + took + more;
    }

    listen() {
      const { canvas } = this;
      const down = new Map();
      let moved = 0;
      const place = event => {
        const box = canvas.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
      };
      const unit = () => (this.to - this.from) / Math.max(1, this.width - 16);
      canvas.addEventListener('pointerdown', event => {
        down.set(event.pointerId, place(event));
        moved = 0;
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener('pointermove', event => {
        const [x, y] = place(event), before = down.get(event.pointerId);
        if (!before) return this.tell(x, y);
        if (down.size === 1) {
          moved += Math.abs(x - before[0]);
          const step = (before[0] - x) * unit();
          this.show(this.from + step, this.to + step);
        } else {
          const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
          const was = Math.abs(before[0] - other[0]), is = Math.abs(x - other[0]);
          if (was > 10 && is > 10) this.zoom(was / is, this.from + ((x + other[0]) / 2 - 8) * unit());
        }
        down.set(event.pointerId, [x, y]);
      });
      const up = event => {
        if (!down.delete(event.pointerId) || moved > 4) return;
        const [x, y] = place(event), found = this.hit(x, y);
        if (found && found.finding !== undefined) this.pick(found.finding); else this.tell(x, y);
      };
      canvas.addEventListener('pointerup', up);
      canvas.addEventListener('pointercancel', event => down.delete(event.pointerId));
      canvas.addEventListener('wheel', event => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.from + (place(event)[0] - 8) * unit());
        } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          this.pan((event.deltaX || event.deltaY) / 600);
        }
      }, { passive: false });
      const keys = {
        ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2), '+': () => this.zoom(0.5), '=': () => this.zoom(0.5),
        '-': () => this.zoom(2), Home: () => this.whole(),
      };
      canvas.addEventListener('keydown', event => {
        if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        keys[event.key]();
      });
    }
  }

  const views = new Map();
  const view = at => {
    const section = document.getElementById('session-' + at);
    section.open = true;
    if (!views.has(at)) views.set(at, new View(section, data.sessions[at]));
    return views.get(at);
  };
  for (const section of document.querySelectorAll('details.session')) {
    const at = Number(section.dataset.session);
    section.addEventListener('toggle', () => { if (section.open) view(at).draw(); });
    if (section.open) view(at);
  }
  for (const link of document.querySelectorAll('a.show')) {
    link.addEventListener('click', event => {
      event.preventDefault();
      const shown = view(Number(link.dataset.session));
      shown.pick(Number(link.dataset.finding));
      shown.canvas.scrollIntoView({ block: 'center' });
    });
  }
  const follow = () => {
    const at = /^#session-(\d+)$/.exec(location.hash);
    if (at && data.sessions[at[1]]) view(Number(at[1]));
  };
  window.addEventListener('hashchange', follow);
  follow();
  const all = () => views.forEach(one => one.draw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', all);
  window.addEventListener('beforeprint', () => {
    root.classList.add('print');
    data.sessions.forEach((session, at) => { if (session.findings.length) view(at); });
    all();
  });
  window.addEventListener('afterprint', () => { root.classList.remove('print'); all(); });
})();
