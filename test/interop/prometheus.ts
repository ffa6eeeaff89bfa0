/** Prometheus and promtool: the page of metrics, as they read it, and the alerts of deploy/monitoring. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand, startProgram } from '../support/command.ts'
import { exchangeHttp1 } from '../support/exchange.ts'
import { freePort } from '../support/ports.ts'
import { samplesOf } from '../support/prometheus-page.ts'
import type { Check } from '../support/run-checks.ts'

const MONITORING = path.resolve(import.meta.dirname, '../../deploy/monitoring')
const METHOD = 'greeter.v1.GreeterService/SayHello'
const CALLS = 7

/** How long Prometheus has to read the page a few times. */
const PATIENCE_MS = 30_000

/** The checks, and what they run. */
export interface PrometheusChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/**
 * Starts a Prometheus that reads a server.
 *
 * @param address of a server with `--metrics`
 * @param folder for its data
 */
export async function prometheusChecks(address: string, folder: string): Promise<PrometheusChecks> {
  const prometheus = await startPrometheus(address, folder)
  const ask = (query: string) => valuesOf(prometheus.origin, query)
  const checks: readonly Check[] = [
    { name: 'promtool: check metrics', run: () => checkPage(address) },
    { name: 'promtool: check rules', run: () => promtool('check', 'rules', 'alerts.yaml') },
    { name: 'promtool: test rules', run: () => promtool('test', 'rules', 'alerts.test.yaml') },
    {
      name: 'Prometheus: calls are counted by method and status',
      async run() {
        await callServer(address)
        await expectValue(ask, `grpc_server_call_started_total{grpc_method="${METHOD}"}`, CALLS)
        await expectValue(ask, `rpc_server_call_duration_seconds_count{rpc_method="${METHOD}"}`, CALLS)
        await expectValue(ask, `count(grpc_server_call_duration_seconds_bucket{grpc_method="${METHOD}"})`, 42)
      },
    },
    { name: 'Prometheus: the server is up', run: () => expectValue(ask, 'up', 1) },
    { name: 'Prometheus: every sample of the page is read', run: () => expectAllSamples(address, ask) },
    {
      name: 'Prometheus: the queries of the alerts run',
      async run() {
        const rules = await (await fetch(`${prometheus.origin}/api/v1/rules`)).json()
        const text = JSON.stringify(rules)
        if (!text.includes('CallsFail') || text.includes('"health":"err"')) throw new Error(text)
      },
    },
  ]
  return { checks, [Symbol.asyncDispose]: () => prometheus[Symbol.asyncDispose]() }
}

async function startPrometheus(address: string, folder: string) {
  const port = await freePort()
  const config = path.join(folder, 'prometheus.yaml')
  const settings = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [path.join(MONITORING, 'alerts.yaml')],
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [address] }] }],
  }
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings))
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${path.join(folder, 'prometheus')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  // Its log is on standard error.
  const command = { program: 'sh', args: ['-c', 'exec prometheus "$@" 2>&1', 'prometheus', ...args] }
  const running = await startProgram(command, /(Server is ready) to receive web requests/)
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

type Ask = (query: string) => Promise<readonly number[]>

async function valuesOf(origin: string, query: string): Promise<readonly number[]> {
  const response = await fetch(`${origin}/api/v1/query?query=${encodeURIComponent(query)}`)
  const { data } = (await response.json()) as { data: { result: readonly { value: readonly [number, string] }[] } }
  return data.result.map(({ value }) => Number(value[1]))
}

/** Waits until a query has this one value. */
async function expectValue(ask: Ask, query: string, expected: number): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  let values = await ask(query)
  while (values.length !== 1 || values[0] !== expected) {
    if (performance.now() > giveUpAt) throw new Error(`${query} is ${values.join(', ') || 'nothing'}, not ${expected}`)
    await sleep(200)
    values = await ask(query)
  }
}

async function callServer(address: string): Promise<void> {
  for (let call = 0; call < CALLS; call += 1) {
    const headers = { 'content-type': 'application/json' }
    await exchangeHttp1(`http://${address}`, { path: `/${METHOD}`, headers, body: '{"name":"Prometheus"}' })
  }
}

async function readPage(address: string): Promise<string> {
  return (await fetch(`http://${address}/metrics`)).text()
}

async function checkPage(address: string): Promise<void> {
  await callOther(address)
  const output = await runCommand({ program: 'promtool', args: ['check', 'metrics'], input: await readPage(address) })
  if (output !== '') throw new Error(output)
}

/** So that the page has an error, too. */
async function callOther(address: string): Promise<void> {
  await exchangeHttp1(`http://${address}`, { path: '/nowhere', method: 'GET' })
}

/** The number of series of each metric is the same on both sides. */
async function expectAllSamples(address: string, ask: Ask): Promise<void> {
  const lines = [...samplesOf(await readPage(address)).keys()]
  const names = Map.groupBy(lines, (line) => line.replace(/\{.*/, ''))
  if (names.size < 20) throw new Error(`only ${names.size} metrics`)
  for (const [name, series] of names) await expectValue(ask, `count(${name})`, series.length)
}

async function promtool(...args: readonly string[]): Promise<void> {
  await runCommand({ program: 'promtool', args, cwd: MONITORING })
}
