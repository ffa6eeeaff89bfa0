/** What a topic hub does for the services: the contract that the embedded hub fulfils, and that a broker could. */

/** One published message. It is shared by the topic and all who read it, so nobody may change it. */
export interface TopicMessage {
  /** The topic it was published on. */
  readonly topic: string
  /** Its number in the topic: 1, 2, 3, ... without a gap. */
  readonly sequence: bigint
  /** When the hub accepted it, in milliseconds since the Unix epoch. */
  readonly timeMs: number
  /** The published text. */
  readonly data: string
  /** How many bytes of UTF-8 the text has. */
  readonly dataBytes: number
}

/** One message on its way to one subscriber. */
export interface TopicDelivery {
  /** The message. */
  readonly message: TopicMessage
  /** How many messages of the same topic were lost to this subscriber right before this one. */
  readonly missed: bigint
}

/**
 * One subscriber: it joins topics and reads what is published there, each topic in order, by `for await`.
 *
 * There is one reader, with one read at a time. The subscriber must call close() when it is through; leaving the loop,
 * the abort of the signal given to subscribe() and the close of the hub do so too. Publishers never wait for a
 * subscriber: when it reads too slowly, its oldest messages are lost and counted in `missed`.
 */
export interface TopicSubscription extends AsyncIterable<TopicDelivery> {
  /**
   * Joins a topic, which need not exist yet. Joining it again changes nothing.
   *
   * Without `afterSequence` the subscriber reads what is published from now on. With a number n it first reads what is
   * kept after message n; 0 and a number above the topic's last one stand for all that is kept.
   *
   * Fails with a TopicError: `invalid_topic`, `limit_reached`, or what close() was given.
   */
  join(topic: string, afterSequence?: bigint): void | Promise<void>

  /** Takes no more messages than the hub had accepted before: the reader gets those, and then the loop ends. */
  end(): void

  /**
   * Ends at once: the topics are left, what was not read is gone. The reader's loop throws the reason, or just ends
   * when there is none. Does nothing after the first time.
   */
  close(reason?: unknown): void
}

/** Carries messages from publishers to subscribers. May be shared by all calls of a server. */
export interface TopicHub {
  /**
   * Publishes one message and returns its sequence number. Whoever joined the topic before gets the message.
   *
   * Fails with a TopicError: `invalid_topic`, `message_too_large`, `read_only`, `limit_reached` or `closed`.
   */
  publish(topic: string, data: string): bigint | Promise<bigint>

  /**
   * Creates a subscriber that has joined nothing yet. When the signal aborts, the subscriber is closed with the
   * signal's reason; it may be aborted already.
   *
   * Throws a TopicError: `limit_reached` or `closed`.
   */
  subscribe(signal?: AbortSignal): TopicSubscription

  /** Closes all subscribers with a TopicError `closed`, and refuses what comes later. May be called again. */
  close(): void | Promise<void>
}
