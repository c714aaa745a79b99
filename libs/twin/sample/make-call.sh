#!/usr/bin/env bash
# Synthesise a two-speaker call: agent on the LEFT channel, customer on the RIGHT, 8 kHz stereo mp3 + ground truth.
# needs: espeak-ng, sox (+libsox-fmt-mp3), ffmpeg, jq   (all Debian bookworm main)
#   usage: make-call.sh script.json outdir [engine]      engine = espeak (default) | flite
set -euo pipefail
SCRIPT=$1; OUT=$2; ENGINE=${3:-espeak}; mkdir -p "$OUT/turns"; RATE=8000
say() { # channel text outfile
  if [ "$ENGINE" = flite ]; then
    local v=slt; [ "$1" = customer ] && v=rms
    flite -voice $v -t "$2" -o "$3.raw.wav"
  else
    if [ "$1" = agent ]; then espeak-ng -v en-us+f3 -s 165 -p 55 -a 140 -w "$3.raw.wav" "$2"
    else                      espeak-ng -v en-us+m3 -s 155 -p 35 -a 140 -w "$3.raw.wav" "$2"; fi
  fi
  # trim the synthesiser's own leading/trailing silence, so that truth.json holds real speech times
  sox -V1 "$3.raw.wav" -r $RATE -b 16 -c 1 "$3" norm -4 silence 1 0.01 0.6% reverse silence 1 0.01 0.6% reverse ; rm "$3.raw.wav"
}
n=$(jq '.turns|length' "$SCRIPT"); t=0; : > "$OUT/turns.tsv"; L=(); R=()
for i in $(seq 0 $((n-1))); do
  ch=$(jq -r ".turns[$i].ch" "$SCRIPT"); text=$(jq -r ".turns[$i].text" "$SCRIPT"); gap=$(jq -r ".turns[$i].gap" "$SCRIPT")
  f=$(printf '%s/turns/%02d-%s.wav' "$OUT" "$i" "$ch"); say "$ch" "$text" "$f"
  d=$(soxi -D "$f"); s=$(awk "BEGIN{printf \"%.3f\",($t+$gap<0)?0:$t+$gap}"); e=$(awk "BEGIN{printf \"%.3f\",$s+$d}")
  printf '%s\t%s\t%s\t%s\n' "$s" "$e" "$ch" "$text" >> "$OUT/turns.tsv"
  p="$OUT/turns/p$i.wav"; sox -V1 "$f" "$p" pad "$s" 0
  if [ "$ch" = agent ]; then L+=("$p"); else R+=("$p"); fi
  t=$(awk "BEGIN{print ($e>$t)?$e:$t}")
done
total=$(awk "BEGIN{print $t+0.5}")
sox -V1 -m -v 1 "${L[0]}" $(for f in "${L[@]:1}"; do printf -- '-v 1 %s ' "$f"; done) "$OUT/l.wav" pad 0 1 trim 0 "$total"
sox -V1 -m -v 1 "${R[0]}" $(for f in "${R[@]:1}"; do printf -- '-v 1 %s ' "$f"; done) "$OUT/r.wav" pad 0 1 trim 0 "$total"
# light line noise + telephone band-pass per leg, so that neither channel is digital silence
for c in l r; do
  sox -V1 -n -r $RATE -b 16 -c 1 "$OUT/n.wav" synth "$total" pinknoise vol 0.004
  sox -V1 -m -v 1 "$OUT/$c.wav" -v 1 "$OUT/n.wav" "$OUT/$c.tel.wav" trim 0 "$total" highpass 250 lowpass 3500
done
sox -V1 -M "$OUT/l.tel.wav" "$OUT/r.tel.wav" "$OUT/call.stereo.8k.wav"
ffmpeg -hide_banner -loglevel error -y -i "$OUT/call.stereo.8k.wav" -ac 2 -ar 8000 -c:a libmp3lame -b:a 32k \
  -metadata title="Synthetic support call" -metadata artist="espeak-ng" "$OUT/call.stereo.8k.mp3"
ffmpeg -hide_banner -loglevel error -y -i "$OUT/call.stereo.8k.wav" -ac 1 -ar 8000 -c:a libmp3lame -b:a 16k "$OUT/call.mono.8k.mp3"
ffmpeg -hide_banner -loglevel error -y -i "$OUT/call.stereo.8k.wav" -ac 1 -ar 16000 -c:a libopus -b:a 16k -application voip "$OUT/call.mono.16k.ogg"
# The twin ships this one: stereo in a quarter of the size, expanded to 16-bit PCM when it starts (../wav.ts).
ffmpeg -hide_banner -loglevel error -y -i "$OUT/call.stereo.8k.wav" -c:a adpcm_ima_wav -block_size 512 "$OUT/call.stereo.8k.adpcm.wav"
jq -Rs '{turns:(split("\n")|map(select(length>0)|split("\t")|{start:(.[0]|tonumber),end:(.[1]|tonumber),speaker:.[2],text:.[3]}))}' "$OUT/turns.tsv" > "$OUT/truth.json"
rm -f "$OUT"/turns/p*.wav "$OUT"/[lrn].wav "$OUT"/turns.tsv; rm -f "$OUT"/l.tel.wav "$OUT"/r.tel.wav
echo "$OUT: $total s"; ls -la "$OUT" | awk '{print $5,$9}'
