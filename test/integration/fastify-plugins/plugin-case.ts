/** The effects of a plugin on its clients, as data: the same for an ordinary route and for calls. */
import type { FastifyInstance } from 'fastify'
import type { PluginAppOptions } from '../../support/plugin-app.ts'
import type { Seen } from '../../support/plugin-callers.ts'

/** The fields that a caller sends. */
export type Fields = Readonly<Record<string, string>>

/** One request, and what must come of it. */
export interface Visit {
  /** Default: none. The scope of the plugins makes what only it can make, as tokens. */
  readonly sends?: Fields | ((scope: FastifyInstance) => Fields | Promise<Fields>)
  /** Default: `ok`. */
  readonly code?: Seen['code']
  /** Fields of the response, each exactly once. Not checked by default. */
  readonly has?: Readonly<Record<string, string | RegExp>>
  /** What the handler finds on the request. Not checked by default. */
  readonly saw?: string
  /** The text of a failed call. Default: any. */
  readonly text?: string | RegExp
  /** The seconds after which a failed call may be tried again, by its RetryInfo. Default: not looked at. */
  readonly retryAfterSeconds?: readonly [least: number, most: number]
}

/** A plugin with visits, in their order, of a caller that keeps its cookies. */
export interface PluginCase extends PluginAppOptions {
  /** For the names of tests. */
  readonly name: string
  readonly visits: readonly Visit[]
}
