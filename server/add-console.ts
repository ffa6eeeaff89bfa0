/** Adds the console to a server: collects what it shows. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { FastifyInstance } from 'fastify'
import { ServerReflection } from '../gen/grpc/reflection/v1/reflection_pb.js'
import type { ConsoleProtocol } from '../wire/console/console-facts.ts'
import type { ConsoleOptions } from './console/console-options.ts'
import { mountConsole } from './console/mount-console.ts'
import type { ResolvedPorticoOptions } from './plugin-options.ts'
import { needsRest } from './rest/with-rest.ts'
import { createAdmitRequest } from './routed/admit-request.ts'
import { apiFactsOf } from './rpc/api-facts.ts'
import type { CollectedRoutes } from './rpc/collect-routes.ts'
import { pagesOf } from './rpc/middleware.ts'
import type { ReflectedTypes } from './services/reflection/descriptor-index.ts'

/** The server that the console shows. */
export interface ShownServer {
  readonly options: ResolvedPorticoOptions & { readonly console: ConsoleOptions }
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
export async function addConsole(app: FastifyInstance, { options, routes, own, types }: ShownServer): Promise<void> {
  const api = apiFactsOf(options, app.prefix)
  const server = {
    app,
    log: app.log,
    api,
    protocols: protocolsOf(options, [...routes.methods.values()]),
    pages: pagesOf(options.middleware),
    types,
    services: own.services.map(({ typeName }) => typeName),
    admit: createAdmitRequest(serverReflectionInfo, options),
    rule: api.callers?.ruleOf(serverReflectionInfo),
  }
  await mountConsole(server, options.console)
}

/** The protocols by the names of their options, in the order in which the page offers them. */
const PROTOCOLS: Readonly<Record<string, ConsoleProtocol>> = {
  connect: 'connect',
  grpcWeb: 'grpc-web',
  rest: 'rest',
  grpc: 'grpc',
}

function protocolsOf({ switches, rest }: ResolvedPorticoOptions, methods: readonly DescMethod[]): ConsoleProtocol[] {
  const isOn = (option: string) => switches[option] !== false && (option !== 'rest' || needsRest(rest, methods))
  return Object.entries(PROTOCOLS).flatMap(([option, protocol]) => (isOn(option) ? [protocol] : []))
}
