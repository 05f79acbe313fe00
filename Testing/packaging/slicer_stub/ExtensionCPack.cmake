# Slicer writes the description of the extension here, from the variables that the extension has set.
foreach(name IN ITEMS HOMEPAGE CATEGORY CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if(name MATCHES "HOMEPAGE|CONTRIBUTORS|DESCRIPTION|ICONURL|DEPENDS" AND "${EXTENSION_${name}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${name} is empty.")
  endif()
  stub_record("EXTENSION_${name}=${EXTENSION_${name}}")
endforeach()
