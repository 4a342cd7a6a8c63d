// Queries and mutations are posted; a subscription has a socket of its own, which comes back by itself and goes on where it was.

import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";
import { withRole } from "./act-as.jsx";

const ENDPOINT = "/graphql";
const SOCKET = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${ENDPOINT}`;

const FORBIDDEN = 4403; // the close code of a connection that the server will not have
const LONGEST_WAIT = 5_000; // milliseconds between two tries to connect
const KEPT = 50; // results of one subscription that stay on the screen
const REDRAW = 100; // milliseconds; a long history arrives faster than the editor can show it

/** GraphiQL's `Fetcher`: a promise of one result, or an observable of many. The headers come from the headers editor. */
export function fetcher(request, { headers: edited = {} } = {}) {
  const headers = withRole(edited);
  const operation = operationOf(request);
  return operation?.operation === "subscription" ? follow(request, operation, headers) : post(request, headers);
}

/** The operation that would run, or null where the document cannot be read: then the server says what is wrong with it. */
function operationOf({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName);
  } catch {
    return null;
  }
}

const failed = (message) => ({ errors: [{ message }] });

// --- Queries and mutations --------------------------------------------------

async function post(request, headers) {
  let response, body;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      body: JSON.stringify(request),
    });
    body = await response.text();
  } catch (error) {
    return failed(`No answer from ${ENDPOINT}: ${error.message}`);
  }
  try {
    return JSON.parse(body);
  } catch {
    return failed(`${ENDPOINT} answered ${response.status} ${response.statusText}, and not in JSON: ${body.slice(0, 500)}`);
  }
}

// --- Subscriptions ----------------------------------------------------------

/** The newest result, as it came, with `earlier` ones below it: a history would pass too fast to read. */
function follow({ query, operationName, variables }, operation, headers) {
  // graphql-ws sends this very object again after each reconnect, so what is written into it is where the server goes on.
  const payload = { query, operationName, variables: { ...variables } };
  const resumes = operation.variableDefinitions?.some(({ variable }) => variable.name.value === "after");

  return {
    subscribe(screen) {
      const results = []; // newest first
      let connection; // what is wrong with it, if anything is
      let redraw;
      let over = false;

      const draw = () => {
        clearTimeout(redraw);
        redraw = undefined;
        const [newest, ...earlier] = results;
        screen.next({
          ...(connection && { connection }),
          ...newest,
          ...(earlier.length && { earlier: earlier.map((result) => (result.errors ? result : result.data)) }),
        });
      };

      const add = (result) => {
        results.unshift(result);
        results.splice(KEPT);
      };

      const end = (result) => {
        if (over) return;
        over = true;
        connection = undefined;
        if (result) add(result);
        if (result || redraw) draw();
        screen.complete();
      };

      const client = createClient({
        url: SOCKET,
        lazy: true,
        connectionParams: headers,
        retryAttempts: Infinity,
        retryWait: (tries) =>
          new Promise((done) => setTimeout(done, Math.min(250 * 2 ** tries, LONGEST_WAIT) * (0.75 + Math.random() / 2))),
        // By default a server that is down is fatal, since the browser reports that as an error and not as a close.
        shouldRetry: ({ code }) => code !== FORBIDDEN,
        on: {
          connected() {
            if (!connection) return;
            connection = undefined;
            if (!over) draw();
          },
          closed() {
            if (over) return;
            connection = "lost, trying again …";
            draw();
          },
        },
      });

      client.subscribe(payload, {
        next(result) {
          if (over) return;
          const [fact] = Object.values(result.data ?? {});
          if (resumes && fact?.position) payload.variables.after = fact.position;
          add(result);
          redraw ??= setTimeout(draw, results.length === 1 ? 0 : REDRAW);
        },
        error(error) {
          if (Array.isArray(error)) end({ errors: error });
          else end(failed(error.reason || error.message || `The connection was closed with code ${error.code}.`));
        },
        complete: () => end(),
      });

      return {
        unsubscribe() {
          over = true;
          clearTimeout(redraw);
          client.dispose();
        },
      };
    },
  };
}
