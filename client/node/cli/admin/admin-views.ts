/** What `portico.admin.v1.Admin` says of a server, and what it changes, as tables and as JSON. */
import { type JsonValue, toJson } from '@bufbuild/protobuf'
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import type { Client } from '@connectrpc/connect'
import {
  type Admin,
  ConfigSource,
  GetConfigResponseSchema,
  GetServerResponseSchema,
  type LogLevel,
  LogLevelSchema,
  ReloadResponseSchema,
} from '../../../../gen/portico/admin/v1/admin_pb.js'
import type { TimeLimit } from '../connection/time-limit.ts'
import { timeText } from './channelz-views.ts'
import type { AdminView } from './view.ts'

/** A connected admin client. */
export interface AdminCaller {
  readonly client: Client<typeof Admin>
  readonly limit: TimeLimit
}

/** What runs. */
export async function viewServer({ client, limit }: AdminCaller): Promise<AdminView> {
  const server = await client.getServer({}, limit.callOptions())
  const facts: readonly (readonly [string, string])[] = [
    ['program', `${server.name} ${server.version}`.trim()],
    ['portico', server.porticoVersion],
    ['node', server.nodeVersion],
    ['process', String(server.processId)],
    ['started at', timeText(server.startedAt)],
    ['addresses', server.addresses.join(', ')],
    ['lanes', server.lanes.join(', ')],
    ['middleware', server.middleware.join(', ')],
    ...server.methods.map(({ path }, at) => [at === 0 ? 'methods' : '', path] as const),
  ]
  return {
    json: toJson(GetServerResponseSchema, server, { alwaysEmitImplicit: true }),
    header: ['SERVER', ''],
    rows: facts.filter(([, value]) => value !== ''),
  }
}

/** The effective configuration. */
export async function viewConfig({ client, limit }: AdminCaller): Promise<AdminView> {
  const response = await client.getConfig({}, limit.callOptions())
  const json = toJson(GetConfigResponseSchema, response, { alwaysEmitImplicit: true })
  return {
    json: (json as { readonly options: JsonValue }).options,
    header: ['OPTION', 'VALUE', 'SET BY', 'ENVIRONMENT'],
    rows: response.options.map(({ name, value, source, env }) => [name, value, sourceText(source), env]),
  }
}

/** The level of the log. */
export async function viewLogLevel({ client, limit }: AdminCaller): Promise<AdminView> {
  return levelView((await client.getLogLevel({}, limit.callOptions())).logLevel)
}

/** Sets the level of the log, for a time or until it is set again. */
export async function setLogLevel(
  { client, limit }: AdminCaller,
  level: string,
  revertAfterMs: number | undefined,
): Promise<AdminView> {
  const revertAfter = revertAfterMs === undefined ? {} : { revertAfter: durationFromMs(revertAfterMs) }
  return levelView((await client.setLogLevel({ level, ...revertAfter }, limit.callOptions())).logLevel)
}

/** Makes the server reload, and shows what it has reloaded. */
export async function reload({ client, limit }: AdminCaller): Promise<AdminView> {
  const response = await client.reload({}, limit.callOptions())
  const failed = response.parts.filter(({ isReloaded }) => !isReloaded).map(({ name }) => name)
  const json = toJson(ReloadResponseSchema, response, { alwaysEmitImplicit: true })
  return {
    json: (json as { readonly parts: JsonValue }).parts,
    header: ['PART', 'RELOADED'],
    rows: response.parts.map(({ name, isReloaded }) => [name, isReloaded ? 'yes' : 'no']),
    ...(failed.length > 0 && { failure: `not reloaded: ${failed.join(', ')}; the log of the server says why` }),
  }
}

function levelView(logLevel: LogLevel | undefined): AdminView {
  const { level = '', configuredLevel = '', revertsAt } = logLevel ?? {}
  return {
    json: logLevel === undefined ? null : toJson(LogLevelSchema, logLevel),
    header: ['LEVEL', 'CONFIGURED', 'RETURNS AT'],
    rows: [[level, configuredLevel, timeText(revertsAt)]],
  }
}

function sourceText(source: ConfigSource): string {
  return ConfigSource[source]?.toLowerCase() ?? String(source)
}
