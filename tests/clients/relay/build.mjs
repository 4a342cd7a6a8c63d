// Compile the documents by Relay's compiler, and the source by its plugin for Babel, into the folder that is named.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "@babel/core";

const [, , built] = process.argv;
const here = dirname(fileURLToPath(import.meta.url));
writeFileSync(join(built, "src", "shop.js"), readFileSync(join(here, "shop.js")));
const compiler = join(here, "../node_modules/relay-compiler/cli.js");
const { status } = spawnSync(process.execPath, [compiler, join(built, "relay.config.json")], { cwd: built, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
const { code } = transformSync(readFileSync(join(here, "shop.js"), "utf8"), {
  babelrc: false,
  configFile: false,
  filename: join(built, "src", "shop.js"),
  plugins: [["relay", { eagerEsModules: true }]],
});
writeFileSync(join(built, "src", "shop.mjs"), code);
// Bundlers find modules without their extension, Node.js does not.
const artifacts = join(built, "src", "__generated__");
for (const file of [join(built, "src", "shop.mjs"), ...readdirSync(artifacts).map((name) => join(artifacts, name))]) {
  writeFileSync(file, readFileSync(file, "utf8").replace(/(\/\w+\.graphql)(?=['"])/g, "$1.js"));
}
