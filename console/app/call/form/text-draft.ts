/** A request message as JSON text. */
import { type DescMessage, fromJsonString, type Message, type Registry } from '@bufbuild/protobuf'
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'

/** What is wrong with a text. */
export interface TextFault {
  readonly message: string
}

/** A message that is being written. */
export class TextDraft {
  readonly text: Signal<string>
  /** Null while the text is invalid. */
  readonly message: ReadonlySignal<Message | null>
  readonly faults: ReadonlySignal<readonly TextFault[]>

  constructor(schema: DescMessage, registry: Registry, text = '{}') {
    this.text = signal(text)
    const parsed = computed(() => parse(schema, registry, this.text.value))
    this.message = computed(() => parsed.value.message)
    this.faults = computed(() => parsed.value.faults)
  }

  setText(text: string): void {
    this.text.value = text
  }
}

function parse(schema: DescMessage, registry: Registry, text: string) {
  try {
    return { message: fromJsonString(schema, text.trim() === '' ? '{}' : text, { registry }), faults: [] }
  } catch (error) {
    return { message: null, faults: [{ message: error instanceof Error ? error.message : String(error) }] }
  }
}
