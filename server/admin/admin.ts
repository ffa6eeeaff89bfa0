/** The admin services of a server: `grpc.channelz.v1.Channelz` and `portico.admin.v1.Admin`, behind an authorization of their own. */
import type { AddressInfo } from 'node:net'
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'
import { Channelz } from '../../gen/channelz_pb.js'
import { Admin } from '../../gen/portico/admin/v1/admin_pb.js'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { reloadsOf } from '../lifecycle/reloads.ts'
import { OnePortServer } from '../listen/one-port-server.ts'
import { peerText } from '../observing/client-address.ts'
import type { Middleware } from '../rpc/middleware.ts'
import { thisWorker } from '../workers/contracts/this-worker.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'
import { type AdminAuthorization, adminGate, localCallersOnly } from './admin-access.ts'
import { createAdminService, type ManagedServer } from './admin-service.ts'
import { CallCounts } from './channelz/call-counts.ts'
import { channelzService } from './channelz/channelz-service.ts'
import { ServerRecord, type ShownPort, showServer } from './channelz/server-record.ts'
import { shareChannelz } from './channelz/shared-channelz.ts'
import { LogLevel } from './log-level.ts'
import { factsOf } from './server-facts.ts'
import { SharedAdmin } from './shared-admin.ts'

/** Who may manage a server. */
export interface AdminOptions {
  /**
   * Decides on each call of the admin services, before its body is read; false is PERMISSION_DENIED. It runs after the middleware, so
   * that `context.values` has the principal. Reflection lists the services only to callers that it allows. Default: processes on this
   * machine that call over a loopback address or a Unix socket, not through a proxy or from a browser.
   */
  readonly authorize?: AdminAuthorization
}

/** The names and kinds of the options. */
export const ADMIN_SHAPE: OptionShape = { kinds: { authorize: ['function'] } satisfies OptionKinds<AdminOptions> }

/**
 * Serves the admin services. One call serves one server. `serve` and `createApp` add it for their option `admin`.
 *
 *     middleware: [authenticate({ ... }), admin({ authorize: ({ values }) => values.get(principalKey)?.name === 'operator' })]
 *
 * @throws RangeError for an unknown option
 */
export function admin(options: AdminOptions = {}): Middleware {
  checkOptions('admin', options, ADMIN_SHAPE)
  const counts = new CallCounts()
  let managed: ManagedServer | undefined
  let app: FastifyInstance | undefined
  const authorize = options.authorize ?? localCallersOnly(() => typeof app?.server.address() === 'string')
  const requestGate = adminGate(authorize)
  return {
    name: 'admin',
    observer: counts,
    services: {
      routes(router) {
        // A program may list this before it becomes a worker.
        const worker = thisWorker()
        router.service(Channelz, worker === undefined ? channelzService : shareChannelz(worker), { requestGate })
        router.service(
          Admin,
          createAdminService(() => managed ?? withoutFastify()),
          { requestGate },
        )
      },
      isVisibleTo: authorize,
    },
    async prepare({ app: prepared, log, worker }) {
      if (app !== undefined) throw new RangeError('admin: one admin() serves one server: call it for each')
      const callers = options.authorize === undefined ? 'processes on this machine only' : 'those that authorize allows'
      log.info({ callers }, 'admin services are on')
      if (prepared === undefined) return
      app = prepared
      managed = manage(prepared, counts, worker)
      await managed.shared?.adoptLogLevel()
    },
  }
}

function manage(app: FastifyInstance, counts: CallCounts, worker: WorkerLink | undefined): ManagedServer {
  const facts = factsOf(app)
  const reloads = reloadsOf(app)
  const logLevel = new LogLevel(facts.logs)
  const port = shownPortOf(app)
  const hide = showServer(new ServerRecord(port, counts))
  reloads.add('log level', () => logLevel.reset())
  app.addHook('onClose', async () => {
    hide()
    logLevel.close()
  })
  const shared = worker && new SharedAdmin(worker, { logLevel, reloads })
  return { facts, reloads, logLevel, shared, log: app.log, addresses: () => port.addresses.map(addressText) }
}

/** Other servers than our port do not show their connections. */
function shownPortOf({ server }: FastifyInstance): ShownPort {
  const port: unknown = server
  if (port instanceof OnePortServer) return port
  return {
    get addresses() {
      const address = server.address()
      return address === null ? [] : [address]
    },
    openConnections: () => [],
  }
}

function addressText(address: AddressInfo | string): string {
  return typeof address === 'string' ? address : peerText(address.address, address.port)
}

function withoutFastify(): never {
  throw new ConnectError('this server has no Fastify to manage', Code.Unimplemented)
}
