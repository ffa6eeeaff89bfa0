/** Everything that follows from the text of a message: its tree, its faults, and the message itself if it has no errors. */
import { type DescMessage, fromJson, type JsonValue, type Message, type Registry, toBinary } from '@bufbuild/protobuf'
import type { ParsedJson } from '../json/edit-json.ts'
import type { JsonNode, Span } from '../json/json-node.ts'
import { jsonValue } from '../json/json-value.ts'
import { JsonSyntaxError, parseJson } from '../json/parse-json.ts'
import { MessageChecker } from './check-message.ts'
import type { DraftFault } from './draft-fault.ts'
import { FaultReport, type FoundFault } from './fault-report.ts'

export interface Analysis {
  /** Null while the text is not JSON. */
  readonly parsed: ParsedJson | null
  readonly faults: readonly DraftFault[]
  /** Null while there are errors. */
  readonly message: Message | null
}

export function analyseText(schema: DescMessage, registry: Registry, text: string): Analysis {
  let root: JsonNode
  try {
    root = parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    const fault = { ...error.span, path: [], message: error.message, severity: 'error' } as const
    return { parsed: null, faults: placed(text, [fault]), message: null }
  }
  const report = new FaultReport()
  new MessageChecker(report, registry).check(schema, root)
  const hasErrors = report.faults.some((fault) => fault.severity === 'error')
  const message = hasErrors ? null : readMessage(schema, registry, root, report)
  return { parsed: { text, root }, faults: placed(text, report.faults), message }
}

/** Reads the message as it would be sent. What the checks do not know becomes a fault of the whole. */
function readMessage(schema: DescMessage, registry: Registry, root: JsonNode, report: FaultReport): Message | null {
  try {
    const message = fromJson(schema, jsonValue(root, report.exact) as JsonValue, { registry })
    toBinary(schema, message)
    return message
  } catch (error) {
    report.error(
      rootBracket(root),
      `The message can not be encoded: ${error instanceof Error ? error.message : error}.`,
    )
    return null
  }
}

function rootBracket({ start }: JsonNode): Span {
  return { start, end: start + 1 }
}

/** Adds lines and columns, and sorts by them. */
export function placed(text: string, faults: readonly FoundFault[]): readonly DraftFault[] {
  const sorted = faults.toSorted((a, b) => a.start - b.start)
  let line = 1
  let lineStart = 0
  return sorted.map((fault) => {
    for (;;) {
      const end = text.indexOf('\n', lineStart)
      if (end < 0 || end >= fault.start) break
      line++
      lineStart = end + 1
    }
    return { ...fault, line, column: fault.start - lineStart + 1 }
  })
}
