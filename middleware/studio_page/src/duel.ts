/** Two renderings that play at the same position, of which one is heard. */

const FADE_S = 0.03;

export class Duel {
  private constructor(
    private readonly context: AudioContext,
    private readonly gains: Record<"session" | "branch", GainNode>,
  ) {}

  /**
   * Begin to play both.
   *
   * @param sounds - Sound files of equal length: the session's, and that of the branch.
   */
  static async begin(context: AudioContext, sounds: readonly [ArrayBuffer, ArrayBuffer], onEnd: () => void): Promise<Duel> {
    const buffers = await Promise.all(sounds.map((sound) => context.decodeAudioData(sound)));
    const [session, branch] = buffers.map((buffer) => {
      const gain = new GainNode(context, { gain: 0 });
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(gain).connect(context.destination);
      return { gain, source };
    });
    const duel = new Duel(context, { session: session!.gain, branch: branch!.gain });
    branch!.source.onended = () => {
      if (context.state !== "closed") onEnd();
      duel.close();
    };
    // Both start at one time of the clock, so that they stay at the same sample.
    const at = context.currentTime + FADE_S;
    session!.source.start(at);
    branch!.source.start(at);
    return duel;
  }

  /** Let one be heard. */
  hear(which: "session" | "branch"): void {
    const now = this.context.currentTime;
    for (const [name, { gain }] of Object.entries(this.gains)) {
      gain.cancelScheduledValues(now);
      gain.setTargetAtTime(name === which ? 1 : 0, now, FADE_S / 3);
    }
  }

  close(): void {
    if (this.context.state !== "closed") void this.context.close();
  }
}
