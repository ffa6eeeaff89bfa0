/** Chooses a service config from DNS TXT records (gRFC A2). */
import { FieldReader } from './field-reader.ts'

/** The client that the choice is made for. */
export interface TxtConfigClient {
  /** This machine's name, as `os.hostname()` gives it. */
  readonly hostname: string
  /** The client's place among all, for canaries: from 0 to below 100, drawn once for a resolver. */
  readonly percentile: number
}

/** Records for other purposes live under the same name. */
const PREFIX = 'grpc_config='

/** The language that Node clients go by. */
const LANGUAGE = 'node'

const KNOWN_FIELDS: ReadonlySet<string> = new Set(['clientLanguage', 'percentage', 'clientHostname', 'serviceConfig'])

const PERCENTAGE = { min: 0, max: 100 }

/**
 * Gives the service config, not checked itself, of the first choice that fits; undefined if none does, or if there is no
 * record of this kind.
 *
 * @param records each a list of strings that belong together
 * @throws Error if a record is no list of choices: then none counts
 */
export function chooseTxtConfig(records: readonly (readonly string[])[], client: TxtConfigClient): unknown {
  const texts = records.map((parts) => parts.join('')).filter((text) => text.startsWith(PREFIX))
  const choices = texts.flatMap((text) => readChoices(text.slice(PREFIX.length)))
  return choices.find((choice) => isFor(choice, client))?.serviceConfig
}

/** One element of a record. An absent field says nothing about whom it is for. */
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

/** What limits a choice in a way that is not known must not be taken for unlimited. */
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
