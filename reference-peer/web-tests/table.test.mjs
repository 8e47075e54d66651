// The port of the negotiation in reference-peer/web is the model's: every case of the transition table comes out the same.
//
//   glare-peer table | node reference-peer/web-tests/table.test.mjs

import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { step } from "../web/negotiation.js";

const tables = JSON.parse(await text(process.stdin));
let count = 0;
for (const { strategy, cases } of tables) {
  for (const [index, { role, name, before, event, did, after }] of cases.entries()) {
    const outcome = step(Object.freeze(before), strategy, role, event);
    const place = `${strategy}, case ${index}: ${role}, ${name}`;
    assert.deepEqual(outcome.did, did, place);
    assert.deepEqual(outcome.state, after, place);
    count += 1;
  }
}
assert.ok(tables.length === 3 && count > 1000, `only ${count} cases`);
console.log(`${count} cases of ${tables.length} strategies come out as in the model`);
