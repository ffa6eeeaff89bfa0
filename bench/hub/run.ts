/**
 * The engines of the topic hub: `npm run bench:hub -- [fan-out|publish] [ENGINE...]`, such as `fan-out Redis`. Without arguments it
 * measures all, one after another, in about a minute and a half. It needs `redis-server`, and installs NATS once.
 */
import { table } from '../report/table.ts'
import { HUB_ENGINES } from './engines.ts'
import { measureFanOut } from './fan-out.ts'
import { measurePublishing } from './publish-rate.ts'

const EXIT_USAGE = 2
const NATS_CORE = 'NATS core'
const TITLES = [...HUB_ENGINES.map(({ title }) => title), NATS_CORE]

const args = process.argv.slice(2)
const [part] = args[0] === 'fan-out' || args[0] === 'publish' ? args.splice(0, 1) : [undefined]
const unknown = args.filter((title) => !TITLES.includes(title))
if (unknown.length > 0) {
  process.stderr.write(`unknown engine ${unknown.join(', ')}: must be ${TITLES.join(', ')}\n`)
  process.exit(EXIT_USAGE)
}
const chosen = args.length === 0 ? TITLES : args
if (part !== 'publish') await fanOut()
if (part !== 'fan-out') await publishing()
process.exit()

async function fanOut(): Promise<void> {
  const rows: string[][] = []
  for (const title of chosen) {
    const { deliveriesPerSecond, p50Ms, p99Ms } = await measureFanOut(title)
    rows.push([title, count(deliveriesPerSecond), `${p50Ms.toFixed(1)} ms`, `${p99Ms.toFixed(1)} ms`])
  }
  print(table(['1 to 1,000 subscribers', 'deliveries/s', 'half within', '99 % within'], rows))
}

async function publishing(): Promise<void> {
  const rows: string[][] = []
  for (const engine of HUB_ENGINES.filter(({ title }) => chosen.includes(title))) {
    const { title, hub, alone } = await measurePublishing(engine)
    rows.push([title, ...([1, 32] as const).flatMap((inFlight) => [count(hub[inFlight]), count(alone?.[inFlight])])])
  }
  print(table(['messages/s', '1 in flight', 'broker alone', '32 in flight', 'broker alone'], rows))
}

function count(value: number | undefined): string {
  return value === undefined ? '-' : Math.round(value).toLocaleString('en')
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`)
}
