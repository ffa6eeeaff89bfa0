/** Advice for the option names of other libraries, and for our own former names. */
import { adviceFor, CLIENT_NAMES, FASTIFY_NAMES, LISTEN_ADVICE, PORT_ADVICE } from './listen/one-port-advice.ts'
import { ONE_PORT_SHAPE } from './listen/one-port-options.ts'

/** Names of Connect and grpc-js, and our own before 0.2.0, that the plugin has under another name. */
const OTHERS: Readonly<Record<string, string>> = {
  requestPathPrefix: 'use prefix',
  fallback: 'no counterpart: Fastify answers what is not a call, and nodeHandler leaves it to next',
  shutdownError: 'no counterpart: calls that are cut end with UNAVAILABLE',
  'grpc.max_send_message_length': 'use writeMaxBytes',
  'grpc.max_receive_message_length': 'use readMaxBytes',
  'grpc.default_compression_algorithm': 'use acceptCompression: answers are compressed as callers ask',
  maxReceiveBytes: 'use readMaxBytes',
  maxSendBytes: 'use writeMaxBytes',
  brotli: "use acceptCompression: ['gzip', 'zstd', 'br']",
  onCallEnd: 'use observers',
  logLevel: 'no counterpart: calls are logged at the level of the log of Fastify; accessLog: false turns that off',
  ...LISTEN_ADVICE,
  logSerializers: 'no counterpart: calls are logged with the serializers of the log of Fastify',
}

/** Options of Fastify that concern its server, which is a port's. */
const SERVER_ADVICE: Readonly<Record<string, string>> = {
  ...PORT_ADVICE,
  http2: 'leave it out, as the port answers HTTP/2 and HTTP/1.1',
  shutdownTimeoutMs: 'use drainTimeoutMs',
}

/** Advice for options that the plugin does not have. */
export const PLUGIN_ADVICE: Readonly<Record<string, string>> = {
  ...adviceFor(FASTIFY_NAMES, () => 'an option of fastify()'),
  ...adviceFor(CLIENT_NAMES, () => 'an option of clients'),
  ...adviceFor(Object.keys(ONE_PORT_SHAPE.kinds), (name) => `use onePort({ ${name} })`),
  ...within('of onePort', SERVER_ADVICE),
  ...OTHERS,
}

/** Options of Fastify that `createApp` sets itself. */
const OWNED_BY_APP: Readonly<Record<string, string>> = {
  loggerInstance: 'use logger',
  logController: 'no counterpart: the access log has one line per request; accessLog: false turns it off',
  disableRequestLogging: 'use accessLog: false',
  serverFactory: 'no counterpart: the port is the server; use listen',
  return503OnClosing: 'no counterpart: the port answers while it closes',
}

/** Advice for options that `fastifyOptions` does not have. */
export const FASTIFY_ADVICE: Readonly<Record<string, string>> = {
  ...within('of listen', SERVER_ADVICE),
  ...OWNED_BY_APP,
  logger: 'use logger, beside fastifyOptions',
}

/** Advice for options that `createApp` does not have. */
export const APP_ADVICE: Readonly<Record<string, string>> = {
  ...adviceFor(FASTIFY_NAMES, (name) => `use fastifyOptions.${name}`),
  ...adviceFor(CLIENT_NAMES, () => 'an option of clients'),
  ...within('of listen', SERVER_ADVICE),
  ...OTHERS,
  requestPathPrefix: 'no counterpart: use portico, with prefix',
  prefix: 'no counterpart: use portico',
  health: 'use servesHealth',
  reflection: 'use servesReflection',
  logLevel: 'use logger: { level }',
  logSerializers: 'use logger: { serializers }',
  ...OWNED_BY_APP,
}

/** Advice for options that `nodeHandler` does not have. */
export const NODE_HANDLER_ADVICE: Readonly<Record<string, string>> = {
  ...adviceFor(FASTIFY_NAMES, () => 'an option of fastify()'),
  ...adviceFor(CLIENT_NAMES, () => 'an option of clients'),
  ...adviceFor(Object.keys(SERVER_ADVICE), () => 'an option of the server that calls the handler'),
  ...OTHERS,
  lane: 'no counterpart, as the handler has one lane',
  bypassHooks: 'no counterpart, as there are no hooks of Fastify',
  accessLog: 'use observers: [accessLog(log)]',
  contextValues: 'use requestGate, which may set context.values',
  rest: 'use protocols: restProtocols(), of portico/server/rest',
  console: 'no counterpart: the console needs the routes of Fastify',
  shutdownTimeoutMs: 'use shutdownSignal',
}

/** Adds to each piece of advice where its options belong. */
function within(owner: string, advice: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(advice).map(([name, text]) => [name, text.startsWith('use ') ? `${text} ${owner}` : text]),
  )
}
