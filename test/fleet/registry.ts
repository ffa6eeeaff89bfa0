/**
 * Runs the trial of a fleet that registers itself in etcd: `node test/fleet/registry.ts [calls per second]`. Besides what has to hold of
 * every fleet, clients lose nothing while etcd is down, and see what joined and left once it is back. Ends with 1 where an expectation is
 * violated.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { etcdResolver } from '../../registry/etcd/public.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { startEtcdServer } from '../support/brokers/etcd-server.ts'
import { FLEET_SERVICE_CONFIG, type FleetPlace } from './fleet-place.ts'
import { runTrial, type Trial } from './trial.ts'

const DEFAULT_CALLS_PER_SECOND = 2_000
const SERVICE = 'fleet'
/** How long etcd is down. */
const OUTAGE_MS = 3_000

/** Servers list themselves, and clients watch the list. */
function etcdPlace({ port }: BrokerProcess): FleetPlace {
  const target = `etcd://127.0.0.1:${port}/${SERVICE}`
  return {
    transport: { target, resolvers: [etcdResolver()], serviceConfig: FLEET_SERVICE_CONFIG },
    serverArguments: ['--registry', target],
    async publish() {},
  }
}

/** Takes about a minute. Loses two of five servers, gets them back, restarts all five one after the other, and shrinks to two. */
async function scenario(trial: Trial, etcd: BrokerProcess): Promise<void> {
  const [killed, stopped] = trial.serving
  if (killed === undefined || stopped === undefined) throw new Error('too few servers')
  await trial.lose(killed, 'SIGKILL')
  await trial.lose(stopped, 'SIGSTOP')
  await trial.join(2, 'product')
  await trial.expectShares('after three became five')
  trial.happen('etcd is killed')
  await etcd.stop('SIGKILL')
  await sleep(OUTAGE_MS)
  await trial.expectShares('while etcd is down')
  await etcd.start()
  trial.happen('etcd is back')
  for (const member of trial.serving) {
    await trial.leave(member)
    await trial.join(1, 'product')
  }
  await trial.expectShares('after all five were restarted')
  await trial.leave(...trial.serving.slice(0, 3))
  await trial.expectShares('after five became two')
}

await using etcd = await startEtcdServer()
const callsPerSecond = Number(process.argv[2] ?? DEFAULT_CALLS_PER_SECOND)
const trial = { callsPerSecond, place: etcdPlace(etcd), scenario: (trial: Trial) => scenario(trial, etcd) }
const { verdicts, report } = await runTrial(trial)
process.stdout.write(`${report}\n`)
process.exitCode = verdicts.hold ? 0 : 1
