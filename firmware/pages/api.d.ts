/**
 * What the camera's endpoints answer, for the scripts of its own page and of the dashboard. A test compares it
 * with what a camera sends, field by field.
 */

/** GET /api/status. */
export interface Status {
  /** The camera's host name, as NAME.local. */
  name?: string;
  /** What people call it; the host name where /camera.json has none. */
  title?: string;
  board: string;
  firmware: string;
  micropython: string;
  uptime_s: number;
  restart: { cause: string; reason: string | null };
  network: Network | null;
  /** system_free: null where the MicroPython is not of this project's build. */
  heap: { used: number; free: number; system_free: number | null; sampled_s: number };
  policy: { state: "active" | "last-good" | "missing" | "invalid"; digest: string | null; error: string | null };
  /** Who may ask; open: the role that anyone has. role: that of who asked. */
  access: {
    state: "active" | "last-good" | "missing" | "invalid" | "damaged";
    tokens: number;
    open: "view" | "control" | null;
    role: Role | null;
    wrong_tokens: number;
  };
  /** https. plain: what the port for plain http does. not_after: when the certificate ends, as ISO 8601 has it. */
  tls: {
    state: "active" | "missing" | "invalid" | "expired";
    port: number;
    plain: "redirect" | "serve" | "off";
    not_after: string | null;
    error: string | null;
  };
  /** host: the last name that was refused, such as a proxy's; null while none was. */
  refused: { host: string; count: number } | null;
  faults: string[];
  /** name: the sensor's. standby: whether it rests since nobody asks for pictures. */
  camera: { name: string; led: number; standby: boolean; error: string | null };
  frames: { captured: number; failed: number };
  clients: Clients;
}

/** What one may: look; set as well; see who has a token as well. */
export type Role = "view" | "control" | "admin";

export interface Network {
  state: string;
  name: string;
  address: string | null;
  rssi: number | null;
  error: string | null;
}

export interface Clients {
  viewers: number;
  viewers_max: number;
  connections: number;
  accepted: number;
  refused: number;
  rejected: number;
  requests: number;
  faults: number;
  timeouts: number;
  evicted: number;
  vanished: number;
  /** TLS handshakes that came to nothing. */
  tls_failed: number;
}

export type Value = string | number | boolean;

/** What a setting may be. */
export type Range = { min: number; max: number } | { values: Value[] };

/** GET /api/camera: the ranges of the sensor's settings, and beside them the value of each. */
export type Settings = { ranges: Record<string, Range> } & Record<string, Value | Record<string, Range>>;

/** An answer of which nothing has been checked: fields by their names, and no more. */
export type Unchecked<T> = { [K in keyof T]?: unknown };
