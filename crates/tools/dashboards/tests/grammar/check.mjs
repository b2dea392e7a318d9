// Reads a JSON array of { language, query } from standard input and writes, as a JSON array in
// the same order, where each query stops being one: the text from the first error on, or null.

import { readFileSync } from "node:fs";
import { parser as logql } from "@grafana/lezer-logql";
import { parser as traceql } from "@grafana/lezer-traceql";

const parsers = { logql, traceql };

function firstError({ language, query }) {
  let from = null;
  parsers[language].parse(query).iterate({
    enter(node) {
      if (node.type.isError) from ??= node.from;
    },
  });
  return from === null ? null : query.slice(from);
}

const queries = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(queries.map(firstError)));
