/** Serves an API that is known by its descriptors only, with the console. */
import {
  create,
  createFileRegistry,
  createRegistry,
  type DescMethod,
  type DescService,
  type FileRegistry,
  isMessage,
  type Message,
} from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { ServiceImpl } from '@connectrpc/connect'
import type { AppOptions } from '../../../server/app.ts'
import type { ConsoleOptions } from '../../../server/console/console-options.ts'
import { builtConsole } from '../console-app.ts'
import { type StartedApp, startRoutes } from '../demo-server.ts'

/** A server of an API. */
export interface ForeignApi extends StartedApp {
  readonly registry: FileRegistry
  readonly services: readonly DescService[]
}

/** Options of the server. */
interface ForeignOptions extends Pick<AppOptions, 'rest'> {
  readonly console: ConsoleOptions
}

/** Starts a server that answers every method: with what it was sent, or with an empty message of another type. */
export async function startForeignApi(
  files: readonly FileDescriptorProto[],
  { console, ...options }: ForeignOptions,
): Promise<ForeignApi> {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }))
  const services = [...registry].filter((type) => type.kind === 'service')
  const started = await startRoutes({
    routes(router) {
      for (const service of services) router.service(service, implementationOf(service))
    },
    registry: createRegistry(...registry),
    console: { folder: await builtConsole(), ...console },
    ...options,
  })
  return { ...started, registry, services }
}

function implementationOf({ methods }: DescService): Partial<ServiceImpl<DescService>> {
  return Object.fromEntries(methods.map((method) => [method.localName, answerOf(method)])) as object
}

function answerOf(method: DescMethod) {
  const answer = (message: Message) => (isMessage(message, method.output) ? message : create(method.output))
  switch (method.methodKind) {
    case 'unary':
      return (message: Message) => answer(message)
    case 'server_streaming':
      return async function* (message: Message) {
        yield answer(message)
      }
    case 'client_streaming':
      return async (messages: AsyncIterable<Message>) => {
        let last: Message = create(method.output)
        for await (const message of messages) last = answer(message)
        return last
      }
    case 'bidi_streaming':
      return async function* (messages: AsyncIterable<Message>) {
        for await (const message of messages) yield answer(message)
      }
  }
}
