/** Adds the console to a server: collects what it shows. */
import type { FastifyInstance } from 'fastify'
import { ServerReflection } from '../gen/grpc/reflection/v1/reflection_pb.js'
import { CONSOLE_PROTOCOLS, type ConsoleProtocol } from '../wire/console/console-facts.ts'
import type { ConsoleOptions } from './console/console-options.ts'
import { mountConsole } from './console/mount-console.ts'
import type { ResolvedPorticoOptions } from './plugin-options.ts'
import { needsRest } from './rest/with-rest.ts'
import { createAdmitRequest } from './routed/admit-request.ts'
import type { ApiFacts } from './rpc/api-facts.ts'
import type { CollectedRoutes } from './rpc/collect-routes.ts'
import { pagesOf } from './rpc/middleware.ts'
import type { ReflectedTypes } from './services/reflection/descriptor-index.ts'

/** The server that the console shows. */
export interface ShownServer {
  readonly options: ResolvedPorticoOptions & { readonly console: ConsoleOptions }
  readonly api: ApiFacts
  /** All that the plugin serves. */
  readonly routes: CollectedRoutes
  /** What the program has registered. */
  readonly own: CollectedRoutes
  /** What reflection shows. */
  readonly types: ReflectedTypes
}

/** Callers that may call reflection may read the descriptors: they are the same. */
const { serverReflectionInfo } = ServerReflection.method

/** Mounts the console on Fastify. */
export async function addConsole(app: FastifyInstance, shown: ShownServer): Promise<void> {
  const { options, api, own, types } = shown
  const server = {
    app,
    log: app.log,
    api,
    protocols: protocolsOf(shown),
    pages: pagesOf(options.middleware),
    types,
    services: own.services.map(({ typeName }) => typeName),
    admit: createAdmitRequest(serverReflectionInfo, options),
    rule: api.callers?.ruleOf(serverReflectionInfo),
  }
  await mountConsole(server, options.console)
}

/** In the order in which the page offers them. */
function protocolsOf({ options: { switches, rest }, api, routes }: ShownServer): ConsoleProtocol[] {
  const isAnswered: Readonly<Record<ConsoleProtocol, boolean>> = {
    connect: switches.connect !== false,
    'grpc-web': switches.grpcWeb !== false,
    websocket: api.hasWebSockets,
    rest: switches.rest !== false && needsRest(rest, [...routes.methods.values()]),
    grpc: switches.grpc !== false,
  }
  return CONSOLE_PROTOCOLS.filter((protocol) => isAnswered[protocol])
}
