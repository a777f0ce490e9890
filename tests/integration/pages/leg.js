// A page's end of one leg, bare: answers what the station sends, offers a tone and a drawn picture.

/** @type {RTCPeerConnection | undefined} */
let up;
/** @type {RTCPeerConnection | undefined} */
let down;

/** @param {RTCPeerConnection} connection */
async function gathered(connection) {
  while (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  return connection.localDescription?.sdp;
}

/** @param {string} sdp */
async function answer(sdp) {
  up = new RTCPeerConnection();
  const stream = new MediaStream();
  up.addEventListener("track", (event) => stream.addTrack(event.track));
  const video = document.querySelector("video");
  if (video) video.srcObject = stream;
  await up.setRemoteDescription({ type: "offer", sdp });
  await up.setLocalDescription();
  return gathered(up);
}

/** Needs a gesture before it: sound does not run without. */
async function offer() {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 440 });
  const sound = context.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("#own"));
  const pen = canvas.getContext("2d");
  let count = 0;
  setInterval(() => {
    if (!pen) return;
    pen.fillStyle = `hsl(${(count += 5) % 360} 80% 50%)`;
    pen.fillRect(0, 0, 320, 240);
  }, 50);
  down = new RTCPeerConnection();
  down.addTransceiver(sound.stream.getAudioTracks()[0], { direction: "sendonly" });
  down.addTransceiver(canvas.captureStream(10).getVideoTracks()[0], { direction: "sendonly" });
  await down.setLocalDescription();
  return gathered(down);
}

/** @param {string} sdp */
async function takeAnswer(sdp) {
  await down?.setRemoteDescription({ type: "answer", sdp });
}

async function numbers() {
  /** @type {Record<string, any>} */
  const found = {};
  for (const connection of [up, down]) {
    for (const report of (await connection?.getStats())?.values() ?? []) {
      const isHigh = report.mid === up?.getTransceivers()[2]?.mid; // voice, low track, high track
      if (report.type === "inbound-rtp") found[`in ${isHigh ? "high" : report.kind}`] = report;
      if (report.type === "outbound-rtp") found[`out ${report.kind}`] = report;
      if (report.type === "remote-inbound-rtp") found[`heard ${report.kind}`] = report;
      if (report.type === "candidate-pair" && connection === down && report.availableOutgoingBitrate) {
        found.available = report.availableOutgoingBitrate;
      }
    }
  }
  return found;
}

/** As web/leg.js does while a leg lasts. @param {number} bps */
async function tellWayBack(bps) {
  const { withWayBack } = await import("/web/descriptions.js");
  await up?.setRemoteDescription({ type: "offer", sdp: withWayBack(up.remoteDescription?.sdp ?? "", bps) });
  await up?.setLocalDescription();
}

Object.assign(window, { answer, offer, takeAnswer, numbers, tellWayBack });
