// A game in TypeScript that uses the package: it must compile against the declarations that the package ships.
import { connect, InputError, type ClientEvent } from "segue-web";

const music = connect("ws://127.0.0.1:9465", { rules: "meadow", format: "s16le", lookaheadMs: 3_000 });
const played: number = music.position.played;
const end: () => void = music.on("beat_heard", ({ bar }: ClientEvent) => console.log(bar, played));
const blob: Promise<Uint8Array> = music.save();
try {
  music.set("threat", 0.5);
} catch (error) {
  if (error instanceof InputError) console.log(error.code);
}
// @ts-expect-error: there is no such option.
connect("ws://127.0.0.1:9465", { rulez: "meadow" });
end();
void blob;
