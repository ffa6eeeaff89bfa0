/** What the form reads and changes: the parts of a draft that it needs. */
import type { DescMessage, Registry } from '@bufbuild/protobuf'
import { type ComponentType, createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { DraftFault } from '../check/draft-fault.ts'
import type { JsonNode, JsonPath } from '../json/json-node.ts'

/** Changes to a message at paths of its JSON. Values are JSON texts. */
export interface MessageEdits {
  set(path: JsonPath, value: string): void
  remove(path: JsonPath): void
  append(path: JsonPath, value: string): void
  swap(path: JsonPath, one: number, other: number): void
  rename(path: JsonPath, key: string): void
  /** Calls `pass` before the message is used or changed otherwise. Returns what takes that back. */
  waitFor(pass: () => void): () => void
  /** Keeps the message from being sent while an input has a text that is no value. Returns what ends that. */
  refuse(path: JsonPath, fault: string): () => void
}

/** Where a message is, and what it is. */
export interface MessageFieldsProps {
  readonly message: DescMessage
  readonly node: JsonNode | undefined
  readonly path: JsonPath
}

export interface FormSource {
  /** Shows the fields of a message. It is here as messages contain messages. */
  readonly Fields: ComponentType<MessageFieldsProps>
  readonly edits: MessageEdits
  readonly registry: Registry
  /** By `pathId`. */
  readonly faults: ReadonlyMap<string, readonly DraftFault[]>
  /** Returns the text of a value, as if it stood alone. */
  readonly sourceOf: (node: JsonNode) => string
  /** Whether changes should wait for a pause of typing, as the text is long. */
  readonly isLong: boolean
}

export const FormContext = createContext<FormSource | null>(null)

/** Returns the form's source, inside of a form. */
export function useForm(): FormSource {
  const source = useContext(FormContext)
  if (source === null) throw new Error('there is no form around this control')
  return source
}

/** A text that stands for a path. */
export function pathId(path: JsonPath): string {
  return JSON.stringify(path)
}

/** Groups faults by where they are. */
export function faultsByPath(faults: readonly DraftFault[]): ReadonlyMap<string, readonly DraftFault[]> {
  return Map.groupBy(faults, (fault) => pathId(fault.path))
}
