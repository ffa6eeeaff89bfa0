/** The dashboard and the alerts of deploy/monitoring ask for metrics and labels that a server has. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { adaptiveLimit } from '../../server/limits/adaptive-limit.ts'
import { sayHello } from '../support/calls.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchangeHttp2 } from '../support/exchange.ts'
import { requestMetrics } from '../support/prometheus-page.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../deploy/monitoring')

interface Query {
  readonly title: string
  readonly expr: string
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

function queries(): readonly Query[] {
  const dashboard: Dashboard = JSON.parse(readFileSync(path.join(FOLDER, 'dashboard.json'), 'utf8'))
  const rules: Rules = parse(readFileSync(path.join(FOLDER, 'alerts.yaml'), 'utf8'))
  return [
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))),
    ...rules.groups.flatMap((group) => group.rules.map(({ alert, expr }) => ({ title: alert, expr }))),
  ]
}

/** What Prometheus adds to all metrics, or makes itself. */
const ADDED = new Set(['job', 'instance', 'le'])

/** The labels that a server has for each metric. */
async function readLabels(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { origin } = await startRoutes({
    middleware: [adaptiveLimit()],
    metrics: { registries: [] },
    routes: (router) =>
      router.rpc(GreeterService.method.sayHello, ({ name }) => {
        if (name === 'fault') throw new ConnectError('broken', Code.Internal)
        return {}
      }),
  })
  for (const name of ['Ada', 'fault']) await exchangeHttp2(origin, sayHello('grpc', name))
  await requestMetrics(origin)
  const page = async () => (await requestMetrics(origin)).body.toString()
  await expect.poll(page).toContain('error_type="INTERNAL"')
  const labels = new Map<string, Set<string>>()
  for (const [, name = '', inside = ''] of (await page()).matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = labels.get(name) ?? new Set()
    for (const [, label = ''] of inside.matchAll(/(\w+)="/g)) known.add(label)
    labels.set(name, known)
  }
  return labels
}

test('every query is about metrics and labels that exist', async () => {
  const known = await readLabels()
  const all = queries()
  expect(all.length).toBeGreaterThan(25)
  for (const { title, expr } of all) {
    const selectors = [...expr.matchAll(/\b([a-z]\w*_\w+|up)\b(?:\{([^}]*)\})?(?=[[) ]|$)/g)].filter(
      ([, name = '']) => name !== 'histogram_quantile',
    )
    const named = selectors.filter(([, name = '']) => name === 'up' || known.has(name))
    expect(named.length, `${title}: ${expr}`).toBeGreaterThan(0)
    for (const [, name = '', matchers = ''] of named) {
      const labels = new Set([...(known.get(name) ?? []), ...ADDED])
      const used = Array.from(matchers.matchAll(/(\w+)\s*[=!]/g), ([, label = '']) => label)
      expect(
        used.filter((label) => !labels.has(label)),
        `${title}: labels of ${name}`,
      ).toEqual([])
    }
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */))
    const anywhere = new Set([...named.flatMap(([, name = '']) => [...(known.get(name) ?? [])]), ...ADDED])
    expect(
      grouped.filter((label) => !anywhere.has(label)),
      `${title}: by`,
    ).toEqual([])
    const unknown = selectors.map(([, name = '']) => name).filter((name) => name !== 'up' && !known.has(name))
    expect(
      unknown.filter((name) => !grouped.includes(name)),
      `${title}: metrics`,
    ).toEqual([])
  }
})
