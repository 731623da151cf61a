# cmake -DNAME=page_style -DOUT=FILE.c "-DFILES=a;b" -P embed.cmake: the bytes of files, one after the
# other, as `const struct page_asset NAME` (coordinator/page/assets.h).
set(hex "")
foreach(file ${FILES})
  file(READ ${file} part HEX)
  string(APPEND hex "${part}")
endforeach()
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"coordinator/page/assets.h\"\n
static const uint8_t bytes[] = {\n${bytes}};
const struct page_asset ${NAME} = {bytes, sizeof bytes};\n")
