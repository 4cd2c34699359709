/* A library that has nothing, to measure what it takes to load one. */
