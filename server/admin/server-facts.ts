/** What a server knows of itself, collected at start-up by its parts, for its admin service. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { EffectiveOption } from '../config/effective-config.ts'

/** Filled before the port opens. All plugins of one Fastify share it. */
export class ServerFacts {
  readonly startedAt = new Date()
  /** The name and version of the program; empty if it has none. */
  name = ''
  version = ''
  readonly lanes = new Set<string>()
  /** The names of the middleware, the outermost first. */
  readonly middleware: string[] = []
  readonly methods: DescMethod[] = []
  /** The log of the server, and the logger that it was made from. */
  readonly logs = new Set<FastifyBaseLogger>()
  /** Returns the effective configuration, without secrets. Set by the outermost of `serve`, `createApp` and the plugin. */
  config: (() => readonly EffectiveOption[]) | undefined
}

const BY_SERVER = new WeakMap<object, ServerFacts>()

/** Returns the facts of a Fastify. */
export function factsOf({ server }: Pick<FastifyInstance, 'server'>): ServerFacts {
  const facts = BY_SERVER.get(server) ?? new ServerFacts()
  BY_SERVER.set(server, facts)
  return facts
}
