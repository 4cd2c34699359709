//! The document of a rule as markup. It knows what these documents use: headings, paragraphs, lists, traces and code.

use super::markup;

/// The document without its heading.
pub(super) fn html(doc: &str) -> String {
    let mut page = String::new();
    let mut open = Open::Nothing;
    for line in doc.lines().skip(1) {
        if let Open::Code = open {
            match line.starts_with("```") {
                true => open.end(&mut page),
                false => page.push_str(&format!("{}\n", markup(line))),
            }
            continue;
        }
        if line.starts_with("```") {
            open.begin(Open::Code, &mut page);
        } else if let Some(heading) = line.strip_prefix("## ") {
            open.end(&mut page);
            page.push_str(&format!("<h4>{}</h4>\n", inline(heading)));
        } else if let Some(entry) = line.strip_prefix("* ") {
            match open {
                Open::List => page.push_str("</li>\n"),
                _ => open.begin(Open::List, &mut page),
            }
            page.push_str(&format!("<li>{}", inline(entry)));
        } else if line.trim().is_empty() {
            open.end(&mut page);
        } else {
            match open {
                Open::Nothing => open.begin(Open::Paragraph, &mut page),
                _ => page.push('\n'),
            }
            page.push_str(&inline(line.trim_start()));
        }
    }
    open.end(&mut page);
    page
}

/// What is not closed yet.
#[derive(Clone, Copy)]
enum Open {
    Nothing,
    Paragraph,
    List,
    Code,
}

impl Open {
    fn begin(&mut self, what: Self, page: &mut String) {
        self.end(page);
        *self = what;
        page.push_str(match what {
            Open::Nothing => "",
            Open::Paragraph => "<p>",
            Open::List => "<ul>\n",
            Open::Code => "<pre>",
        });
    }

    fn end(&mut self, page: &mut String) {
        page.push_str(match self {
            Open::Nothing => "",
            Open::Paragraph => "</p>\n",
            Open::List => "</li>\n</ul>\n",
            Open::Code => "</pre>\n",
        });
        *self = Open::Nothing;
    }
}

/// A line with its code in backticks.
fn inline(line: &str) -> String {
    let mut text = String::new();
    for (at, part) in line.split('`').enumerate() {
        let is_code = at % 2 == 1;
        text.push_str(if is_code { "<code>" } else { "" });
        text.push_str(&markup(part));
        text.push_str(if is_code { "</code>" } else { "" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::rules::RULES;

    #[test]
    fn what_is_opened_is_closed_in_every_document() {
        for rule in RULES {
            let page = html(rule.doc);
            for tag in ["p", "ul", "li", "pre", "h4", "code"] {
                let (begun, ended) =
                    (page.matches(&format!("<{tag}>")).count(), page.matches(&format!("</{tag}>")).count());
                assert_eq!(begun, ended, "{}: {tag}", rule.code);
            }
            assert!(page.contains("<h4>Why</h4>") && page.contains("<ul>"), "{}: {page}", rule.code);
            let rest = page.replace(['\n'], " ");
            assert!(!rest.contains("```") && !rest.contains("## "), "{}: {page}", rule.code);
        }
    }

    #[test]
    fn a_document_is_text_and_no_markup() {
        let page = html("# T\n\nOne <b> & `a<b>`\nmore.\n\n* first\n  goes on\n* second\n\n```trace\nx < y\n```\n");
        let expected = "<p>One &lt;b&gt; &amp; <code>a&lt;b&gt;</code>\nmore.</p>\n<ul>\n<li>first\ngoes on</li>\n<li>second</li>\n\
                        </ul>\n<pre>x &lt; y\n</pre>\n";
        assert_eq!(page, expected);
    }
}
