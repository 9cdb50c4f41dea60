// Validates with ajv on request. A line in: {"schema", "payload", "job"} sets the work, a number does it so often.
// A line out: the seconds of CPU that it took, or "ready".
import { createInterface } from "node:readline";
import Ajv from "ajv";
import addFormats from "ajv-formats";

let work;
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (typeof order === "number") {
    const begin = process.cpuUsage();
    for (let i = 0; i < order; i++) work();
    const { user, system } = process.cpuUsage(begin);
    console.log((user + system) / 1e6);
    continue;
  }
  const { $schema, $id, ...schema } = order.schema;
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  const validate = ajv.compile(schema);
  const check = (value) => {
    if (!validate(value)) throw new Error(ajv.errorsText(validate.errors));
  };
  const { payload, frame } = order;
  const call = JSON.parse(frame);
  work = {
    validate: () => check(JSON.parse(payload)),
    decode: () => check(JSON.parse(frame)[3]),
    encode: () => {
      check(call[3]);
      return JSON.stringify(call);
    },
    framing: () => JSON.parse(frame),
  }[order.job];
  work();
  console.log("ready");
}
