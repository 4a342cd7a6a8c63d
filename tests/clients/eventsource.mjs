// EventSource sends GET only, and resumes by itself: it sends the id of the last frame as Last-Event-ID.

import { EventSource } from "eventsource";
import { EVENTS, take, URL_HTTP } from "./steps.mjs";

const address = (query, variables) => {
  const url = new URL(URL_HTTP);
  url.searchParams.set("query", query);
  url.searchParams.set("variables", JSON.stringify(variables));
  return url;
};

await take({
  run: async (query, variables) => {
    const response = await fetch(URL_HTTP, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  },
  follow: (variables, next) => {
    const source = new EventSource(address(EVENTS, { after: "0" }));
    source.addEventListener("next", ({ data }) => next(JSON.parse(data)));
    source.addEventListener("complete", () => source.close());
  },
});
