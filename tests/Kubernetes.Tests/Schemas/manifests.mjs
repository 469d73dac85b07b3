// Holds manifests against the models of their kinds: required fields, types, and kinds that come with other software. Fields that
// a model does not have are let pass; a strict reader finds those.
//   node manifests.mjs FILE        one sentence a line for what is wrong
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const packages = {
    "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
    "keda.sh": "@kubernetes-models/keda",
    "cert-manager.io": "@kubernetes-models/cert-manager",
};

async function modelOf({ apiVersion, kind }) {
    const [version, group] = apiVersion.split("/").reverse();
    const path = [packages[group] ?? "kubernetes-models", group, version, kind].filter(Boolean).join("/");
    return (await import(path))[kind];
}

// Base64 may be wrapped, and long data is; the models' pattern does not know that.
function unwrapped(data) {
    return Object.fromEntries(Object.entries(data).map(([name, text]) => [name, text.replace(/\s/g, "")]));
}

for (const document of parseAllDocuments(readFileSync(process.argv[2], "utf8"))) {
    const object = document.toJS();
    for (const field of object.kind === "Secret" ? ["data"] : ["binaryData"]) {
        if (object[field]) {
            object[field] = unwrapped(object[field]);
        }
    }
    const Model = await modelOf(object);
    try {
        new Model(object).validate();
    } catch (error) {
        console.log(`${object.kind} ${object.metadata?.name}: ${error.message}`);
    }
}
