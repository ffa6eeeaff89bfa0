/** Values that are read when metrics are collected, in the registries of Prometheus and of OpenTelemetry. */
import { describe, expect, test } from 'vitest'
import { PrometheusRegistry } from '../../../../../server/telemetry/metrics/prometheus-registry.ts'
import type { MetricRegistry, MetricSource } from '../../../../../wire/telemetry/metrics/metric-registry.ts'
import { otelRegistry } from '../../../../../wire/telemetry/metrics/otel-registry.ts'
import { OtelRecorder } from '../../../../support/otel-recorder.ts'

interface Subject {
  readonly registry: MetricRegistry
  /** The values of the only metric, by the attribute `limit`. */
  read(): Promise<Record<string, number>>
}

const REGISTRIES: Readonly<Record<string, () => Subject>> = {
  Prometheus() {
    const registry = new PrometheusRegistry()
    const values = () => registry.metrics.flatMap((metric) => metric.get().values)
    return {
      registry,
      read: async () => Object.fromEntries(values().map(({ labels, value }) => [labels.limit, value])),
    }
  },
  OpenTelemetry() {
    const recorder = new OtelRecorder()
    return {
      registry: otelRegistry(recorder.meter),
      async read() {
        const points = (await recorder.metrics()).flatMap((metric) => metric.points)
        return Object.fromEntries(points.map(({ labels, value }) => [labels.limit, value]))
      },
    }
  },
}

function source(kind: 'gauge' | 'counter', values: Record<string, number>): MetricSource {
  return {
    kind,
    name: 'portico.server.limit.refused',
    unit: '{call}',
    description: 'Refused calls',
    read: (report) => {
      for (const [limit, value] of Object.entries(values)) report(value, { limit })
    },
  }
}

describe.each(Object.entries(REGISTRIES))('%s', (_, create) => {
  describe.each(['gauge', 'counter'] as const)('a %s', (kind) => {
    test('adds up the sources with the same attributes', async () => {
      const { registry, read } = create()
      const first = { a: 1, b: 2 }
      registry.addSource(source(kind, first))
      registry.addSource(source(kind, { a: 10 }))
      expect(await read()).toEqual({ a: 11, b: 2 })
      first.a = 5
      expect(await read()).toEqual({ a: 15, b: 2 })
    })

    test('reads a source once, however often it was added', async () => {
      const { registry, read } = create()
      const shared = source(kind, { a: 1 })
      registry.addSource(shared)
      registry.addSource(shared)
      expect(await read()).toEqual({ a: 1 })
    })
  })

  test('a source that was removed is not read, and can be added again', async () => {
    const { registry, read } = create()
    let reads = 0
    const counted: MetricSource = {
      ...source('gauge', {}),
      read(report) {
        reads += 1
        report(reads, { limit: 'a' })
      },
    }
    registry.addSource(counted)()
    await read()
    expect(reads).toBe(0)
    registry.addSource(counted)
    expect(await read()).toEqual({ a: 1 })
  })
})
