/** Foreign probes of health: grpc_health_probe, as in containers, and grpcurl; cleartext, TLS, and both on one port. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type App, createApp } from '../../server/app.ts'
import type { TlsOptions } from '../../server/listen/tls/tls-options.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { type Command, runCommand, runFailingCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import { type GoTool, GRPCURL, installGoTool } from '../support/go-tool.ts'
import { outputLines } from '../support/output-lines.ts'
import type { Check } from '../support/run-checks.ts'

const GRPC_HEALTH_PROBE: GoTool = { package: 'github.com/grpc-ecosystem/grpc-health-probe', version: 'v0.4.62' }

const SERVICE = TestService.typeName

/** How the probe ends for an RPC that fails, and for a status other than SERVING. */
const RPC_FAILED = 'ended with 3'
const UNHEALTHY = 'ended with 4'

const WATCH_TIMEOUT_MS = 30_000

/** Checks, and what they need until disposal. */
export interface HealthChecksRun extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** How the probes reach the server. */
interface Way {
  readonly name: string
  readonly probeFlags: readonly string[]
  readonly curlFlags: readonly string[]
  readonly tls?: TlsOptions
}

/** A server whose database is up as long as `isUp`. */
interface ProbedServer {
  readonly app: App
  readonly address: string
  isUp: boolean
}

/** @param ground the CA of the certificate of `tls` */
export async function healthProbeChecks(ground: { caFile: string; tls: TlsOptions }): Promise<HealthChecksRun> {
  const [probe, grpcurl] = [await installGoTool(GRPC_HEALTH_PROBE), await installGoTool(GRPCURL)]
  const { caFile, tls } = ground
  const ways: readonly Way[] = [
    { name: 'cleartext', probeFlags: [], curlFlags: ['-plaintext'] },
    { name: 'TLS', probeFlags: ['-tls', '-tls-ca-cert', caFile], curlFlags: ['-cacert', caFile], tls },
    { name: 'cleartext on the port of TLS', probeFlags: [], curlFlags: ['-plaintext'], tls },
  ]
  await using started = new AsyncDisposableStack()
  const checks: Check[] = []
  for (const way of ways) {
    const server = started.adopt(await startServer(way.tls), ({ app }) => app.drain().then(() => {}))
    checks.push(probeCheck(probe, way, server), watchCheck(grpcurl, way, server), drainCheck(probe, way))
  }
  const running = started.move()
  return { checks, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function startServer(tls: TlsOptions | undefined): Promise<ProbedServer> {
  const probed = { isUp: true }
  const app = await createApp({
    ...(tls !== undefined && { listen: { tls, allowsCleartext: true } }),
    logger: false,
    routes: (router) => router.service(TestService, {}),
    healthChecks: { database: { check: () => probed.isUp } },
  })
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  await app.health.runChecks()
  const { port } = app.fastify.server.address() as AddressInfo
  return Object.assign(probed, { app, address: `127.0.0.1:${port}` })
}

function probeCommand(program: string, { probeFlags }: Way, { address }: ProbedServer): (service?: string) => Command {
  const flags = ['-addr', address, '-connect-timeout', '10s', '-rpc-timeout', '10s', ...probeFlags]
  return (service = '') => ({ program, args: [...flags, '-service', service] })
}

function probeCheck(program: string, way: Way, server: ProbedServer): Check {
  const ask = probeCommand(program, way, server)
  return {
    name: `grpc_health_probe over ${way.name}: a server, a service, a failing check, an unknown service`,
    async run() {
      for (const service of ['', SERVICE]) await runCommand(ask(service))
      await expectParts(runFailingCommand(ask('nope')), RPC_FAILED, 'NotFound')
      server.isUp = false
      await server.app.health.runChecks()
      for (const service of ['', SERVICE]) await expectParts(runFailingCommand(ask(service)), UNHEALTHY, 'NOT_SERVING')
      server.isUp = true
      await server.app.health.runChecks()
      await runCommand(ask())
    },
  }
}

/** The probe connects anew each time, so it also shows that the port is open during the delay of a drain. */
function drainCheck(program: string, way: Way): Check {
  return {
    name: `grpc_health_probe over ${way.name}: a drain`,
    async run() {
      const server = await startServer(way.tls)
      const drained = server.app.drain(8_000)
      await expectParts(runFailingCommand(probeCommand(program, way, server)()), UNHEALTHY, 'NOT_SERVING')
      if (!(await drained)) throw new Error('the drain cut calls')
    },
  }
}

function watchCheck(program: string, { name, curlFlags }: Way, { app: { health }, address }: ProbedServer): Check {
  return {
    name: `grpcurl over ${name}: Health/Watch, each change once`,
    async run() {
      const args = [...curlFlags, '-d', '{"service":"watched"}', address, 'grpc.health.v1.Health/Watch']
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: WATCH_TIMEOUT_MS })
      const ended = once(child, 'close')
      const seen = outputLines(child.stdout, (line) => /"status": "(\w+)"/.exec(line)?.[1] ?? '')
      const until = (status: string) =>
        Promise.race([
          seen.until(status),
          ended.then(() => Promise.reject(new Error(`it ended before ${status}, after ${seen.lines.join()}`))),
        ])
      await until('SERVICE_UNKNOWN')
      for (const status of ['SERVING', 'NOT_SERVING'] as const) {
        health.setStatus('watched', status)
        health.setStatus('watched', status)
        await until(status)
      }
      child.kill()
      await ended
      const statuses = seen.lines.filter((line) => line !== '').join()
      if (statuses !== 'SERVICE_UNKNOWN,SERVING,NOT_SERVING') throw new Error(statuses)
    },
  }
}
