/** What the pages about deploying show: it can be parsed, and its delays, periods and ports fit together. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { optionTable } from '../../server/config/option-table.ts'
import { allPages, fileOnPage, ROOT, readPage } from '../support/pages/read-page.ts'

const yamlFiles = allPages().flatMap((page) =>
  readPage(page).flatMap((block) =>
    block.kind === 'file' && block.language === 'yaml' ? [{ page, name: block.name, body: block.body }] : [],
  ),
)

test.each(yamlFiles)('$name of $page is YAML', ({ body }) => {
  const documents = parseAllDocuments(body)
  expect(documents.length).toBeGreaterThan(0)
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
})

test('the grace period of a pod is longer than its drain', () => {
  const { spec } = podOf()
  const { PORTICO_DRAIN_DELAY: delay, PORTICO_DRAIN_TIMEOUT: timeout } = environmentOf()
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(seconds(delay) + seconds(timeout))
  expect(seconds(delay)).toBeGreaterThan(0)
  expect(podOf().container.lifecycle).toBeUndefined()
})

test('the ports of the pod, its probes and the Service are those that it listens on', () => {
  const { container } = podOf()
  const port = Number(environmentOf().PORT)
  expect(environmentOf().HOST).toBe('0.0.0.0')
  expect(container.ports.map(({ containerPort }) => containerPort)).toEqual([port])
  expect([container.startupProbe, container.livenessProbe].map(({ httpGet }) => httpGet)).toEqual([
    { path: '/livez', port },
    { path: '/livez', port },
  ])
  expect(container.readinessProbe.grpc).toEqual({ port })
  const [service] = parseAllDocuments(fileOnPage('docs/deploying/kubernetes.md', 'service.yaml')).map((document) =>
    document.toJS(),
  )
  expect(service.spec).toMatchObject({ clusterIP: 'None', ports: [{ port, targetPort: port }] })
})

test('variables on the pages are those of options', () => {
  const known = new Set(['HOST', 'PORT', ...Object.values(optionTable).map(({ env }) => env)])
  expect(Object.keys(environmentOf()).filter((name) => !known.has(name))).toEqual([])
  const unit = fileOnPage('docs/deploying/systemd.md', 'shop.service')
  const names = Array.from(unit.matchAll(/^Environment=(\w+)=/gm), ([, name = '']) => name)
  expect(names.filter((name) => name !== 'NODE_ENV' && !known.has(name))).toEqual([])
})

test('systemd waits longer than the drain', () => {
  const unit = fileOnPage('docs/deploying/systemd.md', 'shop.service')
  const value = (name: string) => new RegExp(`${name}=(\\w+)$`, 'm').exec(unit)?.[1] ?? ''
  const drain = seconds(value('PORTICO_DRAIN_DELAY')) + seconds(value('PORTICO_DRAIN_TIMEOUT'))
  expect(seconds(value('TimeoutStopSec'))).toBeGreaterThan(drain)
  expect(drain).toBeGreaterThan(0)
})

test('the Dockerfile is the one that new projects get', () => {
  const template = readFileSync(path.join(ROOT, 'create/templates/service/Dockerfile'), 'utf8')
  expect(fileOnPage('docs/deploying/container.md', 'Dockerfile')).toBe(template)
})

interface Probe {
  readonly httpGet?: unknown
  readonly grpc?: unknown
}

interface Container {
  readonly ports: readonly { readonly containerPort: number }[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly lifecycle?: unknown
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [Container]
}

interface Deployment {
  readonly spec: { readonly template: { readonly spec: PodSpec } }
}

function podOf(): { readonly spec: PodSpec; readonly container: Container } {
  const { spec }: Deployment = parse(fileOnPage('docs/deploying/kubernetes.md', 'deployment.yaml'))
  return { spec: spec.template.spec, container: spec.template.spec.containers[0] }
}

function environmentOf(): Readonly<Record<string, string>> {
  return Object.fromEntries(podOf().container.env.map(({ name, value }) => [name, value]))
}

function seconds(duration = ''): number {
  return Number(/^(\d+)s$/.exec(duration)?.[1])
}
