// The tabs with which GraphiQL opens: files of yours, in app/web/graphiql/.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const NO_TABS = [
  { query: "# The tabs of this page are files of yours:\n# app/web/graphiql/*.graphql\n\n{\n  position\n}", variables: "" },
];

/** The tabs in the order of their file names: `[{ query, variables }]`. `NAME.json` has the variables of `NAME.graphql`, if any. */
export function readTabs(folder) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".graphql")) : [];
  const tabs = names.sort().map((name) => {
    const variables = join(folder, name.replace(/\.graphql$/, ".json"));
    return {
      query: readFileSync(join(folder, name), "utf8").trimEnd(),
      variables: existsSync(variables) ? readFileSync(variables, "utf8").trimEnd() : "",
    };
  });
  return tabs.length ? tabs : NO_TABS;
}
