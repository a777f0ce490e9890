/** Records what the page hears, as 16 bit samples, with the moment (wall clock, s) at which each block had come. */
(() => {
  const BLOCK = 512, RATE_HZ = 48000;
  const ear = { blocks: [], times: [] };
  window.pageEar = ear;
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && listen(track));
    }
  };

  function listen(track) {
    const context = new AudioContext({ sampleRate: RATE_HZ });
    void context.resume();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const tap = context.createScriptProcessor(BLOCK, 1, 1); // needs no module, which the page's policy would refuse
    tap.onaudioprocess = ({ inputBuffer }) => {
      if (track.readyState !== "live") return; // of a leg that was lost: its rest is no sound among another's
      const samples = inputBuffer.getChannelData(0), block = new Int16Array(BLOCK);
      for (let i = 0; i < BLOCK; i++) block[i] = Math.round(Math.max(-1, Math.min(1, samples[i])) * 32767);
      ear.times.push((performance.timeOrigin + performance.now()) / 1000);
      ear.blocks.push(block);
    };
    source.connect(tap);
    tap.connect(context.destination);
  }

  /** All that was heard, and forget it. */
  ear.take = () => {
    const bytes = new Uint8Array(ear.blocks.length * BLOCK * 2);
    ear.blocks.forEach((block, number) => bytes.set(new Uint8Array(block.buffer), number * BLOCK * 2));
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    const taken = { data: btoa(text), times: ear.times, block: BLOCK, rate: RATE_HZ };
    ear.blocks = [];
    ear.times = [];
    return taken;
  };
})();
