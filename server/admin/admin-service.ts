/** `portico.admin.v1.Admin`: what a server is, how it is configured, and what can be changed while it runs. */
import type { DescMethod } from '@bufbuild/protobuf'
import { type Duration, durationMs, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import type { FastifyBaseLogger } from 'fastify'
import { type Admin, ConfigSource } from '../../gen/portico/admin/v1/admin_pb.js'
import { clipValue } from '../../wire/text/clip-text.ts'
import { version as porticoVersion } from '../../wire/version.ts'
import type { EffectiveOption } from '../config/effective-config.ts'
import type { Reloads } from '../lifecycle/reloads.ts'
import { peerKey, principalKey } from '../rpc/context-keys.ts'
import type { LogLevel, LogLevelState } from './log-level.ts'
import type { ServerFacts } from './server-facts.ts'
import type { SharedAdmin } from './shared-admin.ts'

/** A server as its admin service sees it. */
export interface ManagedServer {
  readonly facts: ServerFacts
  readonly reloads: Reloads
  readonly logLevel: LogLevel
  /** Makes changes in all workers, if this process is one of them. */
  readonly shared: SharedAdmin | undefined
  readonly log: Pick<FastifyBaseLogger, 'info'>
  /** `127.0.0.1:8080`, or the path of a Unix socket. */
  addresses(): readonly string[]
}

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

const SOURCES: Readonly<Record<EffectiveOption['source'], ConfigSource>> = {
  default: ConfigSource.DEFAULT,
  code: ConfigSource.CODE,
  operator: ConfigSource.OPERATOR,
}

/** @param managed the server, once it has started */
export function createAdminService(managed: () => ManagedServer): ServiceImpl<typeof Admin> {
  return {
    getServer() {
      const { facts, addresses } = managed()
      return {
        name: facts.name,
        version: facts.version,
        porticoVersion,
        nodeVersion: process.versions.node,
        processId: process.pid,
        startedAt: timestampFromDate(facts.startedAt),
        addresses: [...addresses()],
        lanes: [...facts.lanes],
        middleware: facts.middleware,
        methods: facts.methods.map(methodMessage),
      }
    },
    getConfig() {
      return {
        options: (managed().facts.config?.() ?? []).map((entry) => ({ ...entry, source: SOURCES[entry.source] })),
      }
    },
    getLogLevel() {
      return { logLevel: levelMessage(managed().logLevel.state) }
    },
    async setLogLevel({ level, revertAfter }, context) {
      const { logLevel, shared, log } = managed()
      const revertAfterMs = revertAfter && revertTimeOf(revertAfter)
      // Logged first, as the new level may hide it. A field named level would replace that of the line.
      log.info({ logLevel: clipValue(level), revertAfterMs, caller: callerOf(context) }, 'log level changes')
      logLevel.set(level, revertAfterMs)
      await shared?.setLogLevel(level, revertAfterMs)
      return { logLevel: levelMessage(logLevel.state) }
    },
    async reload(_request, context) {
      const { reloads, shared, log } = managed()
      log.info({ caller: callerOf(context) }, 'reload requested')
      return { parts: [...(await (shared === undefined ? reloads.run() : shared.reload()))] }
    },
  }
}

function methodMessage({ name, parent, methodKind }: DescMethod) {
  return {
    path: `/${parent.typeName}/${name}`,
    isClientStreaming: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
    isServerStreaming: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
  }
}

function levelMessage({ level, configuredLevel, revertsAt }: LogLevelState) {
  return { level, configuredLevel, ...(revertsAt && { revertsAt: timestampFromDate(revertsAt) }) }
}

function revertTimeOf(duration: Duration): number {
  const ms = durationMs(duration)
  if (ms >= SECOND_MS && ms <= DAY_MS) return ms
  throw new ConnectError('revert_after must be from 1 s to 24 h', Code.InvalidArgument)
}

/** For the log: who changed the server. */
function callerOf({ values }: HandlerContext): string {
  return values.get(principalKey)?.name ?? values.get(peerKey).address
}
