/** How options of other libraries are handled: the declarations of those libraries, and the results of our functions. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fastify } from 'fastify'
import { createTransport } from '../../client/node/transport.ts'
import { createWebTransport } from '../../client/web/transport/web-transport.ts'
import { createApp } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { nodeHandler } from '../../server/node-handler.ts'
import { portico } from '../../server/plugin.ts'

/** The file in which a library declares options. */
interface Declaration {
  /** In node_modules. */
  readonly file: string
  readonly types: readonly string[]
}

const CONNECT = '@connectrpc/connect/dist/esm/'
const CONNECT_NODE = '@connectrpc/connect-node/dist/esm/'
const CONNECT_WEB = '@connectrpc/connect-web/dist/esm/'

const GRPC_JS: readonly Declaration[] = [
  { file: '@grpc/grpc-js/build/src/channel-options.d.ts', types: ['ChannelOptions'] },
]

/** By the heading of their table in docs/options-names.md. */
export const UPSTREAM_OPTIONS: Readonly<Record<string, readonly Declaration[]>> = {
  'Clients: Connect': [
    { file: `${CONNECT_NODE}connect-transport.d.ts`, types: ['ConnectTransportOptions'] },
    { file: `${CONNECT_NODE}grpc-transport.d.ts`, types: ['GrpcTransportOptions'] },
    { file: `${CONNECT_NODE}grpc-web-transport.d.ts`, types: ['GrpcWebTransportOptions'] },
    {
      file: `${CONNECT_NODE}node-transport-options.d.ts`,
      types: ['NodeTransportOptions', 'NodeHttp1TransportOptions', 'NodeHttp2TransportOptions'],
    },
    { file: `${CONNECT_NODE}http2-session-manager.d.ts`, types: ['Http2SessionOptions'] },
    { file: `${CONNECT_WEB}connect-transport.d.ts`, types: ['ConnectTransportOptions'] },
    { file: `${CONNECT_WEB}grpc-web-transport.d.ts`, types: ['GrpcWebTransportOptions'] },
  ],
  'Clients: grpc-js': GRPC_JS,
  'Servers: Connect': [
    { file: `${CONNECT}router.d.ts`, types: ['ConnectRouterOptions'] },
    { file: `${CONNECT}protocol/universal-handler.d.ts`, types: ['UniversalHandlerOptions'] },
    {
      file: '@connectrpc/connect-fastify/dist/esm/fastify-connect-plugin.d.ts',
      types: ['FastifyConnectPluginOptions'],
    },
    { file: `${CONNECT_NODE}connect-node-adapter.d.ts`, types: ['ConnectNodeAdapterOptions'] },
  ],
  'Servers: Fastify': [
    {
      file: 'fastify/fastify.d.ts',
      types: ['FastifyServerOptions', 'FastifyHttp2SecureOptions', 'FastifyHttpOptions'],
    },
  ],
  'Servers: grpc-js': GRPC_JS,
}

/** Extracts option names from declarations, sorted. */
export function namesOf(declarations: readonly Declaration[]): string[] {
  const names = declarations.flatMap(({ file, types }) => {
    const text = readFileSync(path.join(import.meta.dirname, '../../node_modules', file), 'utf8')
    return types.flatMap((type) => membersOf(text, type))
  })
  return [...new Set(names)].sort()
}

/** In all of these files bodies end at their own indentation, and members are indented by four spaces. */
function membersOf(text: string, type: string): string[] {
  const [, body] = new RegExp(`(?:interface|type) ${type}\\b([^]*?)\\n {0,2}\\}(?! & \\{)(?!\\) \\|)`).exec(text) ?? []
  if (body === undefined) throw new Error(`there is no ${type}`)
  return [...body.matchAll(/^ {4}(?:readonly )?'?([\w.-]+)'?\??:/gm)].map(([, name = '']) => name)
}

const routes = () => {}

/** Our functions that take options, by the heading of their column. */
export const TAKERS: Readonly<Record<string, (options: object) => unknown>> = {
  createTransport: (options) => createTransport({ target: 'dns:///a:1', ...options }),
  createWebTransport,
  portico: async (options) => {
    const app = fastify()
    try {
      await app.register(portico, { routes, ...options }).after()
    } finally {
      await app.close()
    }
  },
  createApp: (options) => createApp({ routes, ...options }),
  nodeHandler: (options) => nodeHandler({ routes, ...options }),
  onePort,
}

/** Returns what a function does with an option: `the same`, or the advice in its error. */
export async function adviceOf(taker: string, name: string): Promise<string> {
  try {
    // Of a type that no option has.
    await TAKERS[taker]?.({ [name]: Symbol('any') })
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    const start = `${name} is unknown`
    const at = message.indexOf(start)
    if (at >= 0) return message.slice(at + start.length).replace(/^: /, '')
  }
  return 'the same'
}
