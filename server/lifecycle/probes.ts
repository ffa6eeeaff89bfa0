/** The HTTP probes for liveness, readiness and start-up. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The part of the health registry that probes need. */
export interface ProbedHealth {
  readonly isLive: boolean
  readonly isReady: boolean
  readonly isStarted: boolean
  /** The checks by name, without the reasons of their failures. */
  listChecks(): readonly object[]
}

/** Whether a request may see the names and states of the checks. A function that throws hides them. */
export type ShowsChecks = boolean | ((request: FastifyRequest) => boolean | Promise<boolean>)

/** The options of the probes. */
export interface ProbeOptions {
  readonly health: ProbedHealth
  /** Who gets the checks with `?verbose`. */
  readonly showsChecks: ShowsChecks
}

/** What a probe says: its `status`, and whether that is a success. */
type Verdict = readonly [isOk: boolean, status: string]

/**
 * Adds the probes, which answer 200 or 503:
 * - `/livez`: whether the process works. Orchestrators restart one that does not, so a drain does not change it.
 * - `/readyz`: whether to send traffic: start-up is over, no critical check fails, and the server does not drain.
 * - `/startedz`: whether start-up is over. Until then orchestrators hold back the other two.
 *
 * With `?verbose` they list the checks, for those who may see them.
 */
export function addProbes(app: FastifyInstance, { health, showsChecks }: ProbeOptions): void {
  const probe = (path: string, verdictOf: () => Verdict) => {
    app.get(path, async (request, reply) => {
      const isVerbose = asksForChecks(request) && (await maySee(showsChecks, request))
      return answer(reply, verdictOf(), isVerbose)
    })
  }
  const answer = (reply: FastifyReply, [isOk, status]: Verdict, isVerbose: boolean) => {
    reply.code(isOk ? 200 : 503).header('cache-control', 'no-store')
    return isVerbose ? { status, checks: health.listChecks() } : { status }
  }
  probe('/livez', () => (health.isLive ? OK : [false, 'failing']))
  probe('/readyz', () => (health.isReady ? OK : health.isStarted ? NOT_SERVING : STARTING))
  probe('/startedz', () => (health.isStarted ? OK : STARTING))
}

const OK: Verdict = [true, 'ok']
const STARTING: Verdict = [false, 'starting']
const NOT_SERVING: Verdict = [false, 'not serving']

async function maySee(showsChecks: ShowsChecks, request: FastifyRequest): Promise<boolean> {
  if (typeof showsChecks === 'boolean') return showsChecks
  try {
    return (await showsChecks(request)) === true
  } catch (error) {
    request.log.error({ err: error }, 'showsHealthChecks failed; the checks are hidden')
    return false
  }
}

/** `?verbose`, as for the probes of Kubernetes, and `?verbose=true`. */
function asksForChecks({ query }: FastifyRequest): boolean {
  const { verbose } = query as Readonly<Record<string, unknown>>
  return verbose === '' || verbose === 'true' || verbose === '1'
}
