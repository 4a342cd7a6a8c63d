// The audits of GraphQL over HTTP; one line of JSON for each.

import { auditServer } from "graphql-http";
import { print, URL_HTTP } from "./steps.mjs";

for (const { id, name, status, reason } of await auditServer({ url: URL_HTTP })) {
  print({ id, name, status, reason });
}
