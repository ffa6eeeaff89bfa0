/** What the page of the console is told about its server. */

/** The protocols of calls that a page can show, in the order in which it offers them. */
export const CONSOLE_PROTOCOLS = ['connect', 'grpc-web', 'websocket', 'rest', 'grpc'] as const

/** One of them. */
export type ConsoleProtocol = (typeof CONSOLE_PROTOCOLS)[number]

/** How callers prove who they are, as a Security Scheme Object of OpenAPI. */
export interface ConsoleScheme {
  readonly type: string
  readonly [key: string]: string
}

/**
 * The document `facts.json` beside the page. Any caller may read it, so it names no service and no method. Paths start at the root of the
 * origin, and are null where the server has no such thing.
 */
export interface ConsoleFacts {
  /** What the page calls the server, such as `Shop`. */
  readonly title: string
  /** The version of Portico. */
  readonly version: string
  /** What precedes the paths of all methods, such as `/api`. Empty for none. */
  readonly prefix: string
  /** The protocols that the server answers. */
  readonly protocols: readonly ConsoleProtocol[]
  /** Whether the descriptors are only for callers that prove who they are. */
  readonly needsCredentials: boolean
  /** The ways to prove that, by their names. Empty if nothing identifies callers. */
  readonly schemes: Readonly<Record<string, ConsoleScheme>>
  /** A `google.protobuf.FileDescriptorSet` with all that the caller may see: files, imports, and comments where an image has them. */
  readonly descriptorsPath: string
  /** The metrics, in the text format of Prometheus. */
  readonly metricsPath: string | null
  /** The page of the OpenAPI reference. */
  readonly docsPath: string | null
  /** Whether the server is the demo, so that its samples work. */
  readonly isDemo: boolean
}
