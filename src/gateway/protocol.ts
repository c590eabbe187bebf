/** What the action and its gateway process say to each other: JSON lines over stdin and stdout. */

/** First and only message on stdin. The end of stdin tells the gateway to stop. */
export type GatewayConfig = {
  readonly version: 1;
  /** The unix socket to listen on; must not exist yet. */
  readonly socket: string;
};

/** Messages on stdout, one JSON object a line. */
export type GatewayMessage =
  | { readonly type: 'ready'; readonly version: 1 }
  | { readonly type: 'failed'; readonly message: string }
  | GatewayDecision;

/** One request and what became of it. Never a secret, never a body. */
export type GatewayDecision = {
  readonly type: 'decision';
  /** ISO 8601. */
  readonly time: string;
  readonly decision: 'denied';
  /** Why: `no-route` while no manifest can open one. */
  readonly rule: 'no-route';
  /** The request line as the guest sent it, printable ASCII, at most 200 characters; may be empty. */
  readonly request: string;
};
