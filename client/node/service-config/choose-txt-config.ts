/** Selects a service config from DNS TXT records (gRFC A2). */
import { FieldReader } from './field-reader.ts'

/** The facts about this client. */
export interface TxtConfigClient {
  /** The name of this machine, from `os.hostname()`. */
  readonly hostname: string
  /** The client's random position for canaries: from 0 to below 100, drawn once per resolver. */
  readonly percentile: number
}

/** The prefix that distinguishes these records from others of the same name. */
const PREFIX = 'grpc_config='

/** The language name of Node clients. */
const LANGUAGE = 'node'

const KNOWN_FIELDS: ReadonlySet<string> = new Set(['clientLanguage', 'percentage', 'clientHostname', 'serviceConfig'])

const PERCENTAGE = { min: 0, max: 100 }

/**
 * Returns the unvalidated service config of the first choice that matches; undefined if none does, or there is no such record.
 *
 * @param records each a list of strings to be joined
 * @throws Error if a record is not a list of choices, which invalidates all records
 */
export function chooseTxtConfig(records: readonly (readonly string[])[], client: TxtConfigClient): unknown {
  const texts = records.map((parts) => parts.join('')).filter((text) => text.startsWith(PREFIX))
  const choices = texts.flatMap((text) => readChoices(text.slice(PREFIX.length)))
  return choices.find((choice) => isFor(choice, client))?.serviceConfig
}

/** An element of a record. An absent field matches every client. */
interface Choice {
  readonly languages: readonly unknown[] | undefined
  readonly percentage: number | undefined
  readonly hostnames: readonly unknown[] | undefined
  readonly serviceConfig: unknown
}

function readChoices(text: string): Choice[] {
  const root = new FieldReader({ choices: JSON.parse(text) })
  const choices = root.objects('choices').map((fields) => {
    rejectUnknown(fields)
    fields.require('serviceConfig')
    return {
      languages: fields.list('clientLanguage'),
      percentage: fields.integer('percentage', PERCENTAGE),
      hostnames: fields.list('clientHostname'),
      serviceConfig: fields.value('serviceConfig'),
    }
  })
  root.finish()
  return choices
}

/** Rejects unknown fields, as they may restrict the choice. */
function rejectUnknown(fields: FieldReader): void {
  for (const name of fields.names) {
    if (!KNOWN_FIELDS.has(name)) fields.fault(name, fields.value(name), 'left out, as no such field is known')
  }
}

function isFor(choice: Choice, { hostname, percentile }: TxtConfigClient): boolean {
  const { languages, percentage, hostnames } = choice
  if (languages !== undefined && !languages.some((name) => String(name).toLowerCase() === LANGUAGE)) return false
  if (hostnames !== undefined && !hostnames.includes(hostname)) return false
  return percentage === undefined || percentile < percentage
}
