// The switch "Act as": in development mode without a key, a header says which roles the caller has.

import { useState } from "react";

const KEY = "graphiql-page act as";

/** The roles of this server, if it takes callers from headers. It writes both into the page. */
const { callers, roles = "" } = document.documentElement.dataset;
const ROLES = roles.split(" ").filter(Boolean);
export const canActAs = () => callers === "headers" && ROLES.length > 0;

/** The headers of a request: those of the headers editor, and those of the chosen role that the editor does not have. */
export function withRole(edited) {
  const role = localStorage.getItem(KEY);
  if (!canActAs() || !ROLES.includes(role)) return edited;
  const names = Object.keys(edited).map((name) => name.toLowerCase());
  const added = ["x-actor", "x-roles"].filter((name) => !names.includes(name));
  return { ...edited, ...Object.fromEntries(added.map((name) => [name, role])) };
}

/** Subscriptions that run keep the role with which they began. */
export function ActAs() {
  const [role, setRole] = useState(localStorage.getItem(KEY) ?? "");
  const choose = ({ target }) => {
    localStorage.setItem(KEY, target.value);
    setRole(target.value);
  };
  return (
    <label className="act-as">
      Act as{" "}
      <select value={role} onChange={choose}>
        <option value="">all roles</option>
        {ROLES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
