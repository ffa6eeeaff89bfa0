/** Parses `methodConfig` of a service config. */
import { type FieldReader, type NumberRange, UINT32 } from './field-reader.ts'
import type { MethodConfig } from './method-config.ts'
import { MethodConfigTable, methodConfigKey } from './method-config-table.ts'
import { parseHedgingPolicy, parseRetryPolicy } from './parse-retry-policy.ts'

const BYTES: NumberRange = UINT32

/** Parses the list, and adds faults to the reader. A name may occur only once. */
export function parseMethodConfigs(fields: FieldReader): MethodConfigTable {
  const byName = new Map<string, MethodConfig>()
  for (const entry of fields.objects('methodConfig')) {
    const config = parseMethodConfig(entry)
    for (const name of entry.objects('name')) {
      const key = readName(name)
      if (key !== undefined && byName.has(key)) name.fault('', nameText(key), 'named once in methodConfig')
      if (key !== undefined) byName.set(key, config)
    }
  }
  return new MethodConfigTable(byName)
}

function parseMethodConfig(fields: FieldReader): MethodConfig {
  const retry = fields.object('retryPolicy')
  const hedging = fields.object('hedgingPolicy')
  if (retry !== undefined && hedging !== undefined) fields.fault('', 'both', 'a retryPolicy or a hedgingPolicy')
  return Object.freeze({
    waitForReady: fields.boolean('waitForReady'),
    timeoutMs: fields.durationMs('timeout'),
    maxRequestBytes: fields.integer('maxRequestMessageBytes', BYTES),
    maxResponseBytes: fields.integer('maxResponseMessageBytes', BYTES),
    retryPolicy: retry === undefined ? null : parseRetryPolicy(retry),
    hedgingPolicy: hedging === undefined ? null : parseHedgingPolicy(hedging),
  })
}

/** Parses a name. An empty one counts as absent: the entry is then for all methods of the service, or for all methods. */
function readName(name: FieldReader): string | undefined {
  const service = name.string('service') ?? ''
  const method = name.string('method') ?? ''
  if (service === '' && method !== '') return name.fault('service', service, 'there where a method is')
  return methodConfigKey(service, method)
}

function nameText(key: string): string {
  return key === '' ? 'the default' : key
}
