// Holds a compose file against the Compose specification's schema, which a linter for such files brings along.
//   node compose.mjs FILE          one sentence a line for what is wrong
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { parse } from "yaml";

const schema = JSON.parse(readFileSync(new URL("node_modules/dclint/schemas/compose.schema.json", import.meta.url), "utf8"));
// Draft 7 is what the validator reads where nothing is said; it does not know the address by which the schema says so.
delete schema.$schema;
const validate = new Ajv.default({ allErrors: true, strict: false }).compile(schema);
if (!validate(parse(readFileSync(process.argv[2], "utf8"), { merge: true }))) {
    for (const { instancePath, message, params } of validate.errors) {
        console.log(`${instancePath || "/"} ${message} ${JSON.stringify(params)}`);
    }
}
