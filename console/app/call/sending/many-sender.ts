/** What sending many messages needs of a call. */
import type { DescMessage, Message, Registry } from '@bufbuild/protobuf'

/** Sends a message and its text. Resolves when the transport has taken the message. */
export type SendMessage = (message: Message, text: string) => Promise<void>

/** Takes messages. */
export interface ManySender {
  /** The type of the messages. */
  readonly schema: DescMessage
  readonly registry: Registry
  /** Returns the text of the message in the form. */
  draftText(): string
  /** Returns what sends messages in the call that runs, or in a new one. Once that call has ended, it sends in no other. */
  openSender(): Promise<SendMessage>
}
