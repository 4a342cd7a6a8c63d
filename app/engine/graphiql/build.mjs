// A page becomes a folder of plain files, dist/, which the server hands out and no other host is asked for.
//
// Run `npm ci` here first, then `node build.mjs` for GraphiQL, or `node build.mjs FOLDER` for a page of yours.
// build.py does both, and only when something changed.
// dist/index.html is the page, dist/assets/ holds files named after their content, which may be cached for ever.
// Six overrides in package.json keep to the small @react-aria packages: their successors install 8,600 more files
// and 48 MB that no byte of the bundle comes from (measured 2026-11-23).

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { readTabs } from "./tabs.mjs";

const here = resolve(fileURLToPath(new URL(".", import.meta.url)));
const folder = process.argv[2] === undefined ? here : resolve(process.argv[2]);
const dist = join(folder, "dist");
const part = join(folder, "dist.part");

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  target: "es2022",
  legalComments: "external",
  logLevel: "silent",
  outdir: join(part, "assets"),
  entryNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
};

/** What esbuild wrote for each entry, as file names below assets/: `{ entry: name }`. */
function written(result) {
  return Object.fromEntries(
    Object.entries(result.metafile.outputs)
      .filter(([, output]) => output.entryPoint)
      .map(([path, output]) => [output.entryPoint, { name: basename(path), style: basename(output.cssBundle ?? "") }]),
  );
}

/** A page of yours: page.tsx and its style, with the packages of this folder. */
async function buildPage(esbuild) {
  const page = await esbuild.build({
    ...shared,
    absWorkingDir: folder,
    entryPoints: ["page.tsx"],
    format: "esm",
    jsx: "automatic",
    nodePaths: [join(here, "node_modules")],
    // A tsconfig.json of the page is for the type checker. It changes nothing of the bundle.
    tsconfigRaw: {},
  });
  const { name: script, style } = written(page)["page.tsx"];
  writeIndex(script, style);
}

/** index.html with the names of the files that were built. */
function writeIndex(script, style) {
  const html = readFileSync(join(folder, "index.html"), "utf8")
    .replace(/(\/[\w-]+)\/page\.js/, `$1/assets/${script}`)
    .replace(/(\/[\w-]+)\/page\.css/, `$1/assets/${style}`);
  writeFileSync(join(part, "index.html"), html);
}

async function buildGraphiql(esbuild) {
  // The workers come first, since the page has to know their names. They are scripts, not modules: every browser starts those.
  const workers = await esbuild.build({ ...shared, entryPoints: Object.values(WORKERS), format: "iife" });
  const workerFiles = Object.fromEntries(
    Object.values(written(workers)).map(({ name }) => [name.split(".")[0], `./${name}`]),
  );

  const tabs = readTabs(join(here, "../../web/graphiql"));
  const page = await esbuild.build({
    ...shared,
    entryPoints: ["page.jsx"],
    format: "esm",
    splitting: true,
    jsx: "automatic",
    // GraphiQL takes half of prettier from these older names, and bundled from there they are empty: its button did nothing.
    alias: { "prettier/parser-babel": "prettier/plugins/babel", "prettier/parser-graphql": "prettier/plugins/graphql" },
    loader: { ".ttf": "file", ".woff": "file", ".woff2": "file" },
    define: {
      ...shared.define,
      WORKERS: JSON.stringify(workerFiles),
      TABS: JSON.stringify(tabs),
      TABS_ID: JSON.stringify(createHash("sha256").update(JSON.stringify(tabs)).digest("hex").slice(0, 12)),
    },
  });
  const { name: script, style } = written(page)["page.jsx"];

  writeIndex(script, style);
  cpSync(join(here, "favicon.svg"), join(part, "favicon.svg"));
}

try {
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part);
  const esbuild = await import("esbuild");
  await (folder === here ? buildGraphiql(esbuild) : buildPage(esbuild));
  rmSync(dist, { recursive: true, force: true });
  renameSync(part, dist);
} catch (error) {
  rmSync(part, { recursive: true, force: true });
  console.error(`not built: ${error.errors?.[0]?.text ?? error.message}`.split("\n")[0]);
  process.exitCode = 1;
}
